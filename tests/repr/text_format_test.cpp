#include "repr/text_format.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "repr/error.hpp"
#include "repr/nested.hpp"

using namespace tailrace;

namespace {

// Through the column and through the single value; both must agree.
std::string shown(const Type& type, std::string_view text, TextReader read) {
  ColumnBuilder builder(type);
  read(text, builder);
  const ColumnPtr column = builder.finish();
  std::string out;
  text_writer(type)(*column, 0, {}, out);
  CHECK(to_text(type, column->value(0)) == out);
  return out;
}

std::string shown(const Type& type, std::string_view text) {
  return shown(type, text, text_reader(type));
}

std::string error_of(const Type& type, std::string_view text) {
  ColumnBuilder builder(type);
  try {
    text_reader(type)(text, builder);
  } catch (const SqlError& error) {
    CHECK(builder.size() == 0);
    return error.message();
  }
  return "no error";
}

using Pairs = std::vector<std::pair<const char*, const char*>>;

void check_all(const Type& type, const Pairs& pairs) {
  for (const auto& [in, out] : pairs) {
    CAPTURE(in);
    CHECK(shown(type, in) == out);
  }
}

void check_refused(const Type& type, std::initializer_list<const char*> texts) {
  for (const char* text : texts) {
    CAPTURE(text);
    CHECK(error_of(type, text) != "no error");
  }
}

}  // namespace

TEST_CASE("booleans") {
  check_all(TypeId::boolean, {{"t", "t"},
                              {" TRUE ", "t"},
                              {"y", "t"},
                              {"on", "t"},
                              {"1", "t"},
                              {"fal", "f"},
                              {"off", "f"}});
  CHECK(error_of(TypeId::boolean, "blah") == "invalid input syntax for type boolean: \"blah\"");
  check_refused(TypeId::boolean, {"o", "", "tr ue", "2"});
  CHECK(to_text(TypeId::boolean, true, {.flavour = TextFlavour::cast}) == "true");
}

TEST_CASE("integers") {
  check_all(TypeId::int2, {{"-32768", "-32768"}, {" +7 ", "7"}});
  check_all(TypeId::uint8, {{"18446744073709551615", "18446744073709551615"}});
  check_all(TypeId::oid, {{"4294967295", "4294967295"}, {"-1", "4294967295"}});
  CHECK(error_of(TypeId::int4, "x") ==
        "invalid input syntax for type integer: invalid digit found in string: \"x\"");
  check_refused(TypeId::int4, {"2147483648", "", "1.5", "+-1", "--1", "1 2"});
  check_refused(TypeId::uint2, {"-1", "65536"});
}

TEST_CASE("floats switch to exponents where the dialect does") {
  check_all(TypeId::float8, {{"1000000000000000", "1000000000000000"},
                             {"4567890123456789", "4567890123456789"},
                             {"0.00001", "0.00001"},
                             {"1e16", "1e+16"},
                             {"1e-6", "1e-6"},
                             {"1.2345678901234e200", "1.2345678901234e+200"},
                             {"-0", "-0"},
                             {"0.1", "0.1"},
                             {" inf ", "Infinity"},
                             {"-Infinity", "-Infinity"},
                             {"nan", "NaN"},
                             {".5", "0.5"},
                             {"123.456", "123.456"}});
  check_all(TypeId::float4, {{"1e13", "1e+13"},
                             {"1.1920929e-7", "1.1920929e-7"},
                             {"0.1", "0.1"},
                             {"1e-6", "0.000001"},
                             {"1234567", "1234567"}});
  CHECK(error_of(TypeId::float8, "10e400") ==
        "\"10e400\" is out of range for type double precision");
  check_refused(TypeId::float8, {"1e-400", "", "x", "0x10", "1e", "nanx", "infin"});
  check_refused(TypeId::float4, {"1e39", "1e-60"});
  CHECK(to_text(TypeId::float8, 0.1 + 0.2, {.extra_float_digits = 0}) == "0.3");
  CHECK(to_text(TypeId::float8, 1e15, {.extra_float_digits = 0}) == "1e+15");
  CHECK(to_text(TypeId::float8, 0.1, {.extra_float_digits = -15}) == "0.1");
}

TEST_CASE("numeric modifiers round") {
  CHECK(shown(Type::numeric(10, 2), "1.005") == "1.01");
  CHECK(shown(TypeId::numeric, "1.230") == "1.23");
}

TEST_CASE("strings are cut and padded by characters") {
  CHECK(shown(Type(TypeId::varchar, 2), "äöü") == "äö");
  CHECK(shown(Type(TypeId::bpchar, 4), "äö") == "äö  ");
  CHECK(shown(TypeId::name, std::string(70, 'x')).size() == 63);
  CHECK(shown(TypeId::char1, "abc") == "a");
  CHECK(shown(TypeId::char1, "\\303") == "\\303");
  check_refused(TypeId::text, {"\xff", "a\xc3"});
  CHECK_THROWS_AS(from_text(TypeId::text, std::string_view("a\0b", 3)), SqlError);
}

TEST_CASE("bytea reads hex and escapes") {
  check_all(TypeId::bytea,
            {{"\\xDEad", "\\xdead"}, {"\\x", "\\x"}, {"a\\\\b\\001", "\\x615c6201"}, {"", "\\x"}});
  check_refused(TypeId::bytea, {"\\x0", "\\xzz", "\\9", "\\12"});
}

TEST_CASE("uuids") {
  check_all(TypeId::uuid,
            {{"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
             {"a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}});
  check_refused(TypeId::uuid, {"", "a0eebc99", "g0eebc999c0b4ef8bb6d6bb9bd380a11"});
}

TEST_CASE("dates") {
  check_all(TypeId::date, {{"2020-01-02", "2020-01-02"},
                           {"2020 1-2", "2020-01-02"},
                           {"2020 01 02", "2020-01-02"},
                           {"20200102", "2020-01-02"},
                           {"01/02/03", "2003-01-02"},
                           {"01/02/70", "1970-01-02"},
                           {"01/02/03 BC", "0003-01-02 BC"},
                           {"0001-02-24 bc", "0001-02-24 BC"},
                           {"2020-01-02 23:59:59+05", "2020-01-02"},
                           {"2020-01-02T10:00Z", "2020-01-02"},
                           {"epoch", "1970-01-01"},
                           {"262142-12-31", "262142-12-31"},
                           {"4714-11-24 BC", "4714-11-24 BC"},
                           {"2000-02-29", "2000-02-29"}});
  CHECK(error_of(TypeId::date, "99-01-08") ==
        "invalid input syntax for type date: MONTH must be [1, 12], got 99: \"99-01-08\"");
  check_refused(TypeId::date,
                {"", "infinity", "-2020-01-01", "2020-01 02", "2020-13-01", "2021-02-29", "120304",
                 "262143-01-01", "4714-11-23 BC", "2020-01", "2020-01-01x", "2020-01-01 25:00"});
}

TEST_CASE("times") {
  check_all(TypeId::time, {{"1:2", "01:02:00"},
                           {"9::60", "09:01:00"},
                           {"23:59:60", "23:59:60"},
                           {"01:02:03.4567891", "01:02:03.456789"},
                           {"01:02:03.1000", "01:02:03.1"}});
  CHECK(error_of(TypeId::time, "24:00:00") ==
        "invalid input syntax for type time: HOUR must be [0, 23], got 24: \"24:00:00\"");
  CHECK(error_of(TypeId::time, "") ==
        "invalid input syntax for type time: no time fields found: \"\"");
}

TEST_CASE("timestamps, with and without zones") {
  check_all(TypeId::timestamp, {{"2020-01-02 03:04:05.600", "2020-01-02 03:04:05.6"},
                                {"2020-01-02", "2020-01-02 00:00:00"},
                                {"2020-01-02T03:04:05+05:30", "2020-01-02 03:04:05"},
                                {"2020-01-02 03:04:60", "2020-01-02 03:05:00"},
                                {"0001-02-24 03:04:05.6789 BC", "0001-02-24 03:04:05.6789 BC"}});
  check_all(TypeId::timestamptz,
            {{"2020-01-02 03:04:05", "2020-01-02 03:04:05+00"},
             {"2020-01-02 03:04:05Z", "2020-01-02 03:04:05+00"},
             {"2020-01-02 03:04:05+05:30", "2020-01-01 21:34:05+00"},
             {"2020-01-02 03:04:05 -08", "2020-01-02 11:04:05+00"},
             {"2020-01-02 03:04:05 EST", "2020-01-02 08:04:05+00"},
             {"2020-07-02 03:04:05 america/new_york", "2020-07-02 07:04:05+00"},
             {"2020-03-08 02:30:00 America/New_York", "2020-03-08 07:30:00+00"},
             {"2020-11-01 01:30:00 America/New_York", "2020-11-01 06:30:00+00"},
             {"0001-02-24 03:04:05.6789+00 BC", "0001-02-24 03:04:05.6789+00 BC"}});
  check_refused(TypeId::timestamptz,
                {"2020-01-02 03:04:05 Nowhere/City", "2020-01-02 03:04:05+16", "2020-01-02 24:00",
                 "infinity", "262143-01-01 00:00", "../etc/passwd"});
  CHECK(shown(Type(TypeId::timestamp, 3), "2020-01-02 03:04:05.6785") == "2020-01-02 03:04:05.679");
  CHECK(shown(TypeId::mz_timestamp, "1970-01-01 00:00:01") == "1000");
  check_refused(TypeId::mz_timestamp, {"1969-12-31", "x", "-1"});
}

TEST_CASE("intervals") {
  check_all(TypeId::interval, {{"-1-2 3 -4:5:6.7", "-1 years -2 mons +3 days -04:05:06.7"},
                               {"1 year", "1 year"},
                               {"1 y 2 mon 3 d 4 h 5 min 6 sec", "1 year 2 mons 3 days 04:05:06"},
                               {"1.5 years", "1 year 6 mons"},
                               {"1.5 months", "1 mon 15 days"},
                               {"1.5 days", "1 day 12:00:00"},
                               {"7", "00:00:07"},
                               {"1 2:3", "1 day 02:03:00"},
                               {"0", "00:00:00"},
                               {"100:00:00", "100:00:00"},
                               {"-1 day +02:03:04", "-1 days +02:03:04"},
                               {"1 sec 500 ms", "00:00:01.5"},
                               {"0.0000005 s", "00:00:00.000001"},
                               {"1 decade 2 centuries", "210 years"},
                               {"-178956970 years -8 mons", "-178956970 years -8 mons"},
                               {"-2562047788:00:54.775808", "-2562047788:00:54.775808"}});
  CHECK(error_of(TypeId::interval, "1 year 2 years") ==
        "invalid input syntax for type interval: YEAR field set twice: \"1 year 2 years\"");
  CHECK(error_of(TypeId::interval, "3000000000 months").find("Overflows maximum months") !=
        std::string::npos);
  check_refused(TypeId::interval, {"", "x", "1 week", "1-13", "1:60", "1 1:2:3 4:5:6", "1.5 s 3 ms",
                                   "1 day 2 3:4 5"});
}

TEST_CASE("jsonb becomes canonical") {
  check_all(TypeId::jsonb,
            {{R"( { "b" : [1, 2, {"c": null}], "a": 1.0 } )", R"({"a":1,"b":[1,2,{"c":null}]})"},
             {R"({"a":1,"a":2})", R"({"a":2})"},
             {"1e3", "1000"},
             {"-0", "0"},
             {"-0.50", "-0.5"},
             {R"("\u00e9\/\ud83d\ude00\u0001\n")", "\"é/😀\\u0001\\n\""},
             {"[]", "[]"},
             {"{}", "{}"},
             {" true ", "true"},
             {R"({"\u0062":1,"a":2})", R"({"a":2,"b":1})"}});
  check_refused(TypeId::jsonb, {"", "{", "[1,]", "{\"a\"}", "01", "1.", "nul", "\"\\x\"",
                                "\"\\u0000\"", "\"\\ud800\"", "1 2", "1e400", "{1:2}", "\"a\nb\""});
  CHECK_THROWS_AS(from_text(TypeId::jsonb, std::string(100000, '[')), SqlError);
}

TEST_CASE("arrays") {
  const Type ints = Type::array_of(TypeId::int4);
  const Type texts = Type::array_of(TypeId::text);
  check_all(ints, {{"{}", "{}"},
                   {"{1,NULL,3}", "{1,NULL,3}"},
                   {" { {1,2} , {3,4} } ", "{{1,2},{3,4}}"},
                   {"{{},{}}", "{}"}});
  check_all(texts, {{R"({"a b","NULL",null,"",x\,y,"q\"\\"})",
                     R"({"a b","NULL",NULL,"","x,y","q\"\\"})"}});
  CHECK(error_of(ints, "") ==
        "invalid input syntax for type array: Array value must start with \"{\": \"\"");
  check_refused(ints, {"{1", "{1,}", "{1}x", "{{1},{2,3}}", "{{1},2}", "{1,{2}}", "[2:3]={1,2}",
                       "{{{{{{{1}}}}}}}"});
  CHECK(shown(ints, "[2:3]={1,2}", upstream_text_reader(ints)) == "[2:3]={1,2}");
  CHECK(shown(Type::array_of(TypeId::boolean), "{t,f}") == "{t,f}");
  CHECK(to_text(TypeId::int2vector, from_text(TypeId::int2vector, "1 2 3")) == "1 2 3");
}

TEST_CASE("lists and maps nest in braces of their own") {
  const Type lists = Type::list_of(Type::list_of(TypeId::int4));
  check_all(lists, {{"{{1,2},{},NULL,{3}}", "{{1,2},{},NULL,{3}}"}});
  const Type map = Type::map_of(Type::map_of(TypeId::text));
  check_all(map, {{R"({b=>{c=>d}, "a x"=>{}})", R"({"a x"=>{},b=>{c=>d}})"}});
  check_all(Type::map_of(TypeId::int4),
            {{"{a=>1, \"b\"=>2, a=>3}", "{a=>3,b=>2}"}, {"{a=>NULL}", "{a=>NULL}"}});
  check_refused(Type::map_of(TypeId::int4), {"{a}", "{=>1}", "{a=>}", "a=>1"});
}

TEST_CASE("records") {
  const Type type = Type::record_of(
      {{"a", TypeId::int4}, {"b", TypeId::text}, {"c", TypeId::text}, {"d", TypeId::boolean}});
  const Value value = encode_record(type, {std::int32_t{1}, std::string("x \"y\""), Null{}, true});
  CHECK(to_text(type, value, {.flavour = TextFlavour::cast}) == "(1,\"x \"\"y\"\"\",,t)");
}

TEST_CASE("ranges are kept in their one form") {
  check_all(Type::range_of(TypeId::int4), {{"[1,5]", "[1,6)"},
                                           {"(1,5)", "[2,5)"},
                                           {"[1,1)", "empty"},
                                           {"EMPTY", "empty"},
                                           {"(,)", "(,)"},
                                           {"[,5]", "(,6)"},
                                           {"(1,2)", "empty"}});
  check_all(Type::range_of(TypeId::numeric), {{"(1.50,2]", "(1.5,2]"}});
  check_all(Type::range_of(TypeId::timestamp),
            {{"[2020-01-01,\"2020-01-02 03:04:05\")",
              "[\"2020-01-01 00:00:00\",\"2020-01-02 03:04:05\")"}});
  check_refused(Type::range_of(TypeId::int4),
                {"[5,1]", "[1,2", "1,2", "[1,2]x", "[1,2147483647]", ""});
}

TEST_CASE("the fast readers of upstream text agree with the general ones") {
  const std::pair<Type, std::vector<const char*>> cases[] = {
      {TypeId::boolean, {"t", "f"}},
      {TypeId::int8, {"-9223372036854775808", "0", "9223372036854775807"}},
      {TypeId::numeric,
       {"0", "-1.50", "123456789012345678", "12345678901234567890.5", "NaN",
        "0.000000000000000001"}},
      {TypeId::date, {"2020-02-29", "0044-03-15 BC", "12345-01-01"}},
      {TypeId::time, {"00:00:00", "23:59:59.999999", "01:02:03.5"}},
      {TypeId::timestamp,
       {"2020-01-02 03:04:05", "1999-12-31 23:59:59.999999", "0044-03-15 01:02:03 BC"}},
      {TypeId::timestamptz, {"2020-01-02 03:04:05+00", "1999-12-31 23:59:59.9+00"}},
      {TypeId::interval, {"1 year 2 mons 3 days 04:05:06.789123", "-1 days +02:03:00", "00:00:00"}},
      {TypeId::float8, {"NaN", "1e+15", "1e-05", "-0"}},
  };
  for (const auto& [type, texts] : cases) {
    for (const char* text : texts) {
      CAPTURE(text);
      CHECK(shown(type, text, upstream_text_reader(type)) == shown(type, text));
    }
  }
  for (const char* text : {"1.0000000000000000000000000000000000000001", "Infinity", "1e40"}) {
    ColumnBuilder builder(TypeId::numeric);
    CHECK_THROWS_AS(upstream_text_reader(TypeId::numeric)(text, builder), SqlError);
  }
}
