from collections import Counter

from services.drafts.recent import MAX_RESULTS, Recent


def test_a_result_is_computed_once_until_many_newer_ones_are_used() -> None:
    recent: Recent[int] = Recent()
    computed = Counter[int]()

    def get(key: int) -> int:
        def compute() -> int:
            computed[key] += 1
            return key * key

        return recent.get(key, compute)

    assert [get(key) for key in (3, 4, 3)] == [9, 16, 9]
    for key in range(100, 99 + MAX_RESULTS):
        get(key)
        get(3)  # stays, because it is used
    assert (get(3), get(4)) == (9, 16)
    assert (computed[3], computed[4]) == (1, 2)
