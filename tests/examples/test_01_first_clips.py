"""From a prompt, a still, or two frames to a clip that is yours. Read these first."""

from pathlib import Path

from wanreel import Client


def test_a_prompt_becomes_a_clip(wan: Client) -> None:
    """`generate` returns when the clip lies in your archive, whole and hashed."""
    video = wan.generate("Wide shot, a paper boat sails through a rain gutter at dawn")

    assert video.path is not None
    assert video.path.suffix == ".mp4"
    assert video.path.exists()


def test_a_still_begins_to_move(wan: Client, lantern: Path) -> None:
    """Give a picture, a file or a link, as `first_frame`; the prompt says what moves and how the camera goes."""
    video = wan.generate("Slow push in, the lantern sways", first_frame=lantern)

    assert video.job.request.mode == "i2v"


def test_two_frames_make_the_way_between_them(wan: Client, noon: Path, night: Path) -> None:
    """With a `last_frame` as well, the clip goes from the one to the other."""
    video = wan.generate("The lake turns from noon to night", first_frame=noon, last_frame=night)

    assert video.job.request.mode == "kf2v"


def test_you_choose_model_size_and_length(wan: Client) -> None:
    """What you do not say has a default that is always sent: 720P, 16:9, 5 seconds."""
    video = wan.generate("A fox in snow", model="wan2.5-t2v-preview", size="480*832", duration_s=10, seed=7)

    request = video.job.request
    assert (request.size, request.duration_s, request.seed) == ("480*832", 10, 7)


def test_a_price_is_told_before_anything_is_bought(wan: Client) -> None:
    """`plan` checks a wish against the model's rules and prices it; nothing is stored, sent or paid."""
    plan = wan.plan("A fox in snow", model="wan2.5-t2v-preview", resolution="480P", variants=3)

    assert plan.clips == 3
    assert (str(plan.estimate.amount), plan.estimate.currency) == ("1.5", "CNY")
    assert wan.list() == []
