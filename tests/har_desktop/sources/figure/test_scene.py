"""The whole body is in the picture, whoever it is, whatever it does, wherever the camera stands."""

import numpy as np
import pytest

from har_desktop.sources.figure import ACTIONS, RenderedFigure
from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.camera import Camera
from har_desktop.sources.figure.shading import ACROSS, STEPS, Light, tube
from har_desktop.sources.figure.skeleton import Skeleton

SIZE = (60, 80)
LIGHT = Light((0.0, -0.6, 0.8), 0.5, 0.5)


@pytest.mark.parametrize("action", [*ACTIONS, None])
def test_the_whole_body_stays_in_every_picture(action):
    for seed in range(30):
        scene = RenderedFigure(action, seed, size=SIZE)._film()
        for time in np.arange(0.13, 6, 0.27):
            camera = scene.camera_at(float(time))
            skeleton = Skeleton(scene.body, scene.pose_at(float(time)))
            centres = [ball.centre for ball in scene.flesh.balls(skeleton)]
            reach = [np.abs(ball.axes).max() for ball in scene.flesh.balls(skeleton)]
            for part in scene.flesh.tubes(skeleton, camera.axes):
                centres += [part.start, part.end]
                thick = part.thickness * scene.body.height
                reach += [thick[0] / part.blunt, thick[-1] / part.blunt]
            places, depth = camera.project(np.stack(centres))
            radii = (np.array(reach) * camera.focal / depth)[:, None]
            assert np.all(places - radii >= 0), (seed, time)
            assert np.all(places + radii <= [SIZE[1], SIZE[0]]), (seed, time)
        picture = scene.render(1.0, grain=0)
        assert picture.std() > 5


@pytest.mark.parametrize("seed", range(12))
def test_the_figure_stands_out_from_its_room(seed):
    scene = RenderedFigure("JumpingJack", seed, size=(120, 160))._film()
    with_figure = [scene.render(t, grain=0).astype(int) for t in (0.0, 0.3)]
    assert np.abs(with_figure[0] - with_figure[1]).max() > 40


def test_a_straight_level_camera_projects_by_hand():
    camera = Camera(np.array([0.0, 1.0, 4.0]), np.eye(3), focal=100.0, centre=(50.0, 40.0))
    places, depth = camera.project(np.array([[0.0, 1.0, 0.0], [1.0, 2.0, 2.0]]))
    np.testing.assert_allclose(places, [[50.0, 40.0], [100.0, -10.0]])
    np.testing.assert_allclose(depth, [4.0, 2.0])


def test_a_drawn_camera_has_orthonormal_axes():
    for seed in range(5):
        axes = Camera.drawn(np.random.default_rng(seed)).axes
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1.0)


def test_a_tube_covers_its_axis_softens_at_its_edge_and_moves_by_fractions_of_a_pixel():
    def drawn(x):
        picture = np.zeros((40, 60, 3), np.float32)
        radii, colour = np.full(STEPS, 5.0, np.float32), np.full((1, ACROSS, 3), 200.0, np.float32)
        tube(picture, (x, 10.0), (x, 30.0), 0.0, radii, colour, LIGHT)
        return picture[..., 0]

    here, there = drawn(20.0), drawn(20.25)
    assert (here[10:31, 20] > 100).all()
    assert here[20, 26] == 0
    assert here[20].sum() > 0
    columns = np.arange(60)

    def middle(picture):
        return (picture.sum(axis=0) * columns).sum() / picture.sum()

    assert middle(there) - middle(here) == pytest.approx(0.25, abs=0.02)


def test_what_lies_outside_the_picture_is_not_drawn():
    picture = np.zeros((20, 20, 3), np.float32)
    radii, colour = np.full(STEPS, 3.0, np.float32), np.full((1, ACROSS, 3), 200.0, np.float32)
    tube(picture, (-50.0, -50.0), (-30.0, -40.0), 0.0, radii, colour, LIGHT)
    assert not picture.any()
    tube(picture, (-2.0, 10.0), (25.0, 10.0), 0.0, radii, colour, LIGHT)
    assert picture[10].all()


def test_bodies_are_as_tall_as_their_parts():
    for seed in range(20):
        body = Body.drawn(np.random.default_rng(seed))
        parts = body.ankle + body.leg + body.trunk + body.neck + 0.066 * body.height
        assert parts == pytest.approx(body.height, rel=0.06)
