#include "repr/numeric.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "repr/decimal.hpp"
#include "repr/error.hpp"

using namespace tailrace;

namespace {
std::string shown(std::string_view text) {
  return Numeric::parse(text).to_string();
}
Numeric n(std::string_view text) {
  return Numeric::parse(text);
}

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const SqlError& error) {
    return error.message();
  }
  return "no error";
}
}  // namespace

TEST_CASE("numeric text drops trailing zeros and never uses an exponent") {
  CHECK(shown("1.230") == "1.23");
  CHECK(shown("100") == "100");
  CHECK(shown("-0") == "0");
  CHECK(shown("-0.00") == "0");
  CHECK(shown(" 1e3 ") == "1000");
  CHECK(shown("1e-39") == "0.000000000000000000000000000000000000001");
  CHECK(shown(".5") == "0.5");
  CHECK(shown("5.") == "5");
  CHECK(shown("+7") == "7");
  CHECK(shown("nan") == "NaN");
  CHECK(shown("999999999999999999999999999999999999999") ==
        "999999999999999999999999999999999999999");
  CHECK(shown("-340282366920938463463374607431768211455.0") ==
        "-340282366920938463463374607431768211455");
  CHECK(shown("0.123456789012345678901234567890123456789") ==
        "0.123456789012345678901234567890123456789");
  CHECK(shown("1.2345678901234567890123456789012345678949") ==
        "1.23456789012345678901234567890123456789");
  CHECK(shown("0.9999999999999999999999999999999999999999") == "1");
}

TEST_CASE("numeric input refuses what it cannot hold") {
  CHECK(error_of([] { n("1e39"); }) ==
        "\"1E39\" is out of range for type numeric: exceeds maximum precision 39");
  CHECK(error_of([] { n("1e-40"); }).find("out of range") != std::string::npos);
  CHECK(error_of([] { n("Infinity"); }) == "invalid input syntax for type numeric: \"Infinity\"");
  CHECK(error_of([] { n("-NaN"); }) == "invalid input syntax for type numeric: \"-NaN\"");
  for (const char* text : {"", " ", ".", "-", "1e", "1e+-5", "1.2.3", "1 2", "0x10", "1_0"}) {
    CHECK(error_of([&] { n(text); }).starts_with("invalid input syntax"));
  }
  CHECK(error_of([] {
          Numeric::parse("1.2345678901234567890123456789012345678949", Numeric::Excess::reject);
        }).find("exceeds maximum precision 39") != std::string::npos);
}

TEST_CASE("numeric arithmetic keeps 39 digits") {
  CHECK((n("2.0") / n("1.1")).to_string() == "1.81818181818181818181818181818181818182");
  CHECK((n("1") / n("3")).to_string() == "0.333333333333333333333333333333333333333");
  CHECK((n("10") / n("2")).to_string() == "5");
  CHECK((n("1e38") + n("1e-39")).to_string() == n("1e38").to_string());
  CHECK((n("0.1") + n("0.2")).to_string() == "0.3");
  CHECK((n("0.3") - n("0.3")).to_string() == "0");
  CHECK((n("-7") % n("3")).to_string() == "-1");
  CHECK((n("7.5") % n("-2")).to_string() == "1.5");
  CHECK((n("1234567890123456789.05") * n("98765432109876543210.7")).to_string() ==
        "121932631137021795229548849239706599603");  // rounded to what fits
  CHECK(error_of([] { n("9e38") + n("9e38"); }) == "value out of range: overflow");
  CHECK(error_of([] { n("1e-30") * n("1e-30"); }) == "value out of range: underflow");
  CHECK(error_of([] { n("1") / n("0"); }) == "division by zero");
  CHECK((Numeric::infinity(false) + Numeric::infinity(true)).is_nan());
}

TEST_CASE("numeric rounds half away from zero") {
  CHECK(n("2.5").rounded(0).to_string() == "3");
  CHECK(n("-7.5").rounded(0).to_string() == "-8");
  CHECK(n("2.45").rounded(1).to_string() == "2.5");
  CHECK(n("1250").rounded(-2).to_string() == "1300");
  CHECK(n("49").rounded(-2).to_string() == "0");
  CHECK(n("-2.7").truncated(0).to_string() == "-2");
  CHECK(n("-2.1").floor().to_string() == "-3");
  CHECK(n("2.1").ceil().to_string() == "3");
  CHECK(n("123456789012345678901234567890.123456789").rounded(3).to_string() ==
        "123456789012345678901234567890.123");
  CHECK(error_of([] { n("12").coerced(38); }) == "numeric field overflow");
  CHECK(n("1.005").coerced(2).to_string() == "1.01");
}

TEST_CASE("numeric converts to and from the binary numbers") {
  CHECK(Numeric::from_float(1.23F).to_string() == "1.23");
  CHECK(Numeric::from_double(1e-300).to_string() == "0");
  CHECK(Numeric::from_double(-1.5e20).to_string() == "-150000000000000000000");
  CHECK(n("0.1").to_double() == 0.1);
  CHECK(n("123456789012345678901234567890").to_double() == 123456789012345678901234567890.0);
  CHECK(n("-9223372036854775808").to_int8() == std::numeric_limits<std::int64_t>::min());
  CHECK_THROWS_AS(n("9223372036854775807.5").to_int8(), SqlError);
  CHECK(n("18446744073709551615").to_uint8() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("numbers that are equal hash alike, whatever their scale") {
  CHECK(n("1.5").hash() == decimal_hash(std::int64_t{150}, 2));
  CHECK(n("-1.5").hash() == decimal_hash(static_cast<__int128>(-15000), 4));
  CHECK(n("0").hash() == decimal_hash(std::int64_t{0}, 7));
  CHECK(n("1.5").hash() != n("15").hash());
  CHECK(n("500000000000000000000000000000000000000").hash() == (n("5e38")).hash());
}

TEST_CASE("numeric order is total, NaN last") {
  const std::vector<Numeric> ascending = {Numeric::infinity(true),
                                          n("-9e38"),
                                          n("-1.5"),
                                          n("-1"),
                                          n("0"),
                                          n("1e-39"),
                                          n("0.1"),
                                          n("9e38"),
                                          Numeric::infinity(false),
                                          Numeric::nan()};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CHECK((ascending[i] < ascending[j]) == (i < j));
      CHECK((ascending[i] == ascending[j]) == (i == j));
    }
  }
}
