"""What identifies a machine is replaced by something of its shape, the same every time."""

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from colony_core.domain.pseudonyms import Pseudonyms, plain_form

KEY = b"k" * 32
NAMES = st.text(string.ascii_letters + string.digits + "-:. ", min_size=1, max_size=24)
ADDRESSES = st.ip_addresses(v=4).map(str)


def shape(text: str) -> str:
    return "".join(
        "9" if each.isdigit() else "A" if each.isupper() else "a" if each.islower() else each for each in text
    )


@given(name=NAMES)
def test_a_name_is_replaced_by_one_of_its_shape(name: str) -> None:
    assert shape(Pseudonyms(KEY).name(name)) == shape(name)


@given(names=st.lists(st.from_regex(r"[A-Z]{3}[0-9]{5}", fullmatch=True), unique=True, max_size=30))
def test_no_two_names_become_one_and_none_becomes_another(names: list[str]) -> None:
    pseudonyms = Pseudonyms(KEY)
    for name in names:
        pseudonyms.learn(name)

    replaced = [pseudonyms.name(name) for name in names]
    assert len({*replaced, *names}) == 2 * len(names)
    assert [pseudonyms.name(name) for name in names] == replaced


@given(key=st.binary(min_size=16, max_size=32))
def test_all_spellings_become_spellings_of_one_name(key: bytes) -> None:
    pseudonyms = Pseudonyms(key)
    spelt = [pseudonyms.name(mac, keep=6) for mac in ("94:40:c9:aa:bb:01", "9440C9-AABB01", "9440c9aabb01")]

    assert {plain_form(each) for each in spelt} == {plain_form(spelt[0])}
    assert plain_form(spelt[0])[:6] == "9440c9"
    assert spelt[1] == spelt[1].upper()
    assert set(plain_form(spelt[0])) <= set(string.hexdigits)


@given(address=ADDRESSES)
def test_an_address_becomes_an_address(address: str) -> None:
    replaced = Pseudonyms(KEY).address(address)

    assert [len(part) for part in replaced.split(".")] == [len(part) for part in address.split(".")]
    assert all(0 <= int(part) <= 255 and str(int(part)) == part for part in replaced.split("."))


@given(name=st.from_regex(r"[A-Z]{2}[0-9]{8}", fullmatch=True), before=st.text(max_size=9), after=st.text(max_size=9))
def test_a_long_name_is_found_inside_of_other_words(name: str, before: str, after: str) -> None:
    pseudonyms = Pseudonyms(KEY)
    replaced = pseudonyms.name(name)
    assume(name != replaced)

    found = pseudonyms.within(before + name + after)
    assert name not in found
    assert plain_form(replaced) in plain_form(found)


def test_a_short_name_is_found_as_a_word_alone_and_a_reserved_one_nowhere() -> None:
    pseudonyms = Pseudonyms(KEY, reserved={"systems"})
    node, _ = pseudonyms.name("node"), pseudonyms.name("systems")

    assert pseudonyms.within("node, nodes /Systems") == f"{node}, nodes /Systems"


def test_what_is_too_long_for_a_name_is_replaced_in_its_place_alone() -> None:
    long = "ab1" * 50
    pseudonyms = Pseudonyms(KEY)

    assert pseudonyms.name(long) != long
    assert pseudonyms.within(f"of {long}") == f"of {long}"


def test_a_name_of_few_letters_is_looked_for_nowhere_else() -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonyms.learn("n01")
    pseudonyms.learn("n001")

    assert pseudonyms.within("n01 is beside n001") == f"n01 is beside {pseudonyms.name('n001')}"


@given(names=st.lists(st.from_regex(r"[0-9]", fullmatch=True), unique=True, min_size=9, max_size=9))
def test_names_of_one_digit_get_others_as_long_as_there_are_some(names: list[str]) -> None:
    pseudonyms = Pseudonyms(KEY)
    for name in names:
        pseudonyms.learn(name)

    (free,) = set(string.digits) - set(names)
    assert pseudonyms.name(names[0]) == free


def test_addresses_that_are_known_are_nobody_elses_while_others_are_free() -> None:
    pseudonyms = Pseudonyms(KEY)
    known = [f"10.0.0.{number}" for number in range(10, 100)]
    for address in known:
        pseudonyms.learn_address(address)

    replaced = [pseudonyms.address(address) for address in known]
    assert len({*replaced, *known}) == 2 * len(known)


def test_letters_that_no_plain_form_has_become_an_x() -> None:
    assert Pseudonyms(KEY).name("Ä-Ω") == "x-x"


def test_another_key_gives_other_names() -> None:
    assert Pseudonyms(b"a" * 32).name("CZJ9230ABC") != Pseudonyms(b"b" * 32).name("CZJ9230ABC")


def test_the_numbers_of_an_address_become_any_of_as_many_digits_and_no_others() -> None:
    pseudonyms = Pseudonyms(KEY)
    addresses = [f"{number % 10}.{10 + number % 90}.{100 + number % 156}.{10 + number // 10}" for number in range(900)]
    numbers: dict[int, set[int]] = {1: set(), 2: set(), 3: set()}
    for address in addresses:
        for before, after in zip(address.split("."), pseudonyms.address(address).split("."), strict=True):
            numbers[len(before)].add(int(after))

    assert numbers == {1: set(range(10)), 2: set(range(10, 100)), 3: set(range(100, 256))}


def test_an_address_becomes_the_same_every_time_and_gets_one_even_if_none_is_free() -> None:
    pseudonyms = Pseudonyms(KEY)
    before = pseudonyms.address("1.2.3.4")
    for number in range(10_000):
        pseudonyms.learn_address(".".join(f"{number:04}"))

    assert pseudonyms.address("1.2.3.4") == before
    assert shape(pseudonyms.address("5.6.7.8")) == "9.9.9.9"


def test_few_names_of_one_digit_become_as_many_others() -> None:
    pseudonyms = Pseudonyms(KEY)
    for name in "01234":
        pseudonyms.learn(name)

    assert {pseudonyms.name(name) for name in "01234"} == set("56789")


def test_a_name_that_is_learnt_after_texts_were_replaced_is_found_in_the_next() -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonyms.learn("CZJ9230ABC")
    first = pseudonyms.within("CZJ9230ABC beside MXQ1234XYZ")

    pseudonyms.learn("MXQ1234XYZ")

    assert "MXQ1234XYZ" in first
    assert "MXQ1234XYZ" not in pseudonyms.within("CZJ9230ABC beside MXQ1234XYZ")


def test_a_name_that_begins_like_another_is_replaced_as_itself() -> None:
    pseudonyms = Pseudonyms(KEY)
    short, long = pseudonyms.name("CZJ9230A"), pseudonyms.name("CZJ9230A0001")

    assert pseudonyms.within("CZJ9230A and CZJ9230A0001") == f"{short} and {long}"


def test_from_8_characters_on_a_name_is_found_inside_of_others_and_from_129_on_nowhere() -> None:
    pseudonyms = Pseudonyms(KEY)
    seven, eight, longest = pseudonyms.name("CZJ923A"), pseudonyms.name("MXQ1234Z"), pseudonyms.name("1" * 128)
    pseudonyms.learn("2" * 129)

    assert pseudonyms.within("xCZJ923Ax CZJ923A") == f"xCZJ923Ax {seven}"
    assert pseudonyms.within("xMXQ1234Zx") == f"x{eight}x"
    pseudonyms.learn("controller")
    assert pseudonyms.within("controllers") == "controllers", "without a digit it is a word like others"
    assert pseudonyms.within(f"{'1' * 128} {'2' * 129}") == f"{longest} {'2' * 129}"


def test_hexadecimal_names_stay_so_and_others_take_letters_of_the_whole_alphabet() -> None:
    pseudonyms = Pseudonyms(KEY)

    assert set(pseudonyms.name("0123456789abcdef")) <= set(string.hexdigits)
    assert set(pseudonyms.name("serial" * 9)) - set(string.hexdigits)


def test_no_two_addresses_become_one_and_none_becomes_a_known_one() -> None:
    pseudonyms = Pseudonyms(KEY)
    known = [".".join(f"{number:04}") for number in range(0, 10_000, 25)]
    for address in known:
        pseudonyms.learn_address(address)

    assert len({*known, *map(pseudonyms.address, known)}) == 2 * len(known)
