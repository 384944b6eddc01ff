"""Each example: deployed, asked, compared with what the embedded AWS has recorded, and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.aws.cases import CASES
from tests.aws.comparison import record_of
from tests.aws.session import NotDeployableError

if TYPE_CHECKING:
    from tests.aws.session import Session


def test_an_example_is_as_the_embedded_aws_has_it(name: str, aws: Session) -> None:
    case = CASES[name]
    if why := aws.wish.impediment(case):
        aws.report.skipped[name] = why
        pytest.skip(why)
    try:
        result = aws.run(case)
    except NotDeployableError as error:
        aws.report.skipped[name] = str(error)
        pytest.skip(str(error))
    finally:
        aws.report.write()
    assert not result.problems, "\n".join(result.problems)
    assert not result.left, "\n".join(result.left)
    if not aws.wish.record:
        assert record_of(name) is not None, "the embedded AWS has no record of it: pytest --aws=embedded --aws-record"
        assert not result.different, "\n".join(map(str, result.different))
