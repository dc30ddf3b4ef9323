// Our formats against those of a real PostgreSQL, value by value, both ways. Runs where
// TAILRACE_TEST_PG holds a connection string (tests/integration/test_formats.py starts a server and
// sets it).
#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "repr/binary_format.hpp"
#include "repr/datetime.hpp"
#include "repr/datetime_fields.hpp"
#include "repr/error.hpp"
#include "repr/order.hpp"
#include "repr/text_format.hpp"

using namespace tailrace;

namespace {

using Result = std::unique_ptr<PGresult, decltype([](PGresult* result) { PQclear(result); })>;

struct Parameter {
  std::string bytes;
  Oid oid = 0;  // not 0: binary of this type
};

class Upstream {
 public:
  explicit Upstream(const char* conninfo) : connection_(PQconnectdb(conninfo)) {
    REQUIRE_MESSAGE(PQstatus(connection_.get()) == CONNECTION_OK,
                    std::string(PQerrorMessage(connection_.get())));
    // What replication sets in every session.
    for (const char* setting :
         {"client_encoding='UTF8'", "DateStyle='ISO'", "IntervalStyle='postgres'", "TimeZone='UTC'",
          "extra_float_digits=3", "bytea_output='hex'"}) {
      query(std::string("SET ") + setting, {}, 0);
    }
  }

  Result query(const std::string& sql, const std::vector<Parameter>& parameters, int format) {
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const Parameter& parameter : parameters) {
      types.push_back(parameter.oid);
      values.push_back(parameter.bytes.c_str());
      lengths.push_back(static_cast<int>(parameter.bytes.size()));
      formats.push_back(parameter.oid == 0 ? 0 : 1);
    }
    Result result(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                               types.data(), values.data(), lengths.data(), formats.data(),
                               format));
    const auto status = PQresultStatus(result.get());
    REQUIRE_MESSAGE((status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK),
                    std::string(PQresultErrorMessage(result.get())) << " in " << sql);
    return result;
  }

  std::string value(const std::string& sql, const std::vector<Parameter>& parameters = {},
                    int format = 0) {
    return field(*query(sql, parameters, format), 0);
  }

  static std::string field(const PGresult& result, int row) {
    return {PQgetvalue(&result, row, 0), static_cast<std::size_t>(PQgetlength(&result, row, 0))};
  }

 private:
  std::unique_ptr<PGconn, decltype([](PGconn* connection) { PQfinish(connection); })> connection_;
};

// What our wire text promises next to PostgreSQL's: the same characters, or another spelling of the
// same value.
enum class Spelling { same, other };

struct Sample {
  Type type;
  const char* upstream;  // its name there
  Spelling spelling;
  std::vector<const char*> values;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {TypeId::boolean, "bool", Spelling::same, {"t", "f"}},
      {TypeId::int2, "int2", Spelling::same, {"-32768", "0", "32767"}},
      {TypeId::int4, "int4", Spelling::same, {"-2147483648", "2147483647"}},
      {TypeId::int8, "int8", Spelling::same, {"-9223372036854775808", "9223372036854775807"}},
      {TypeId::oid, "oid", Spelling::same, {"0", "4294967295"}},
      {TypeId::float4,
       "float4",
       Spelling::other,
       {"0", "-0", "1.5", "3.4028235e38", "1e-45", "1.1754944e-38", "1e13", "1e-6", "0.1", "NaN",
        "Infinity", "-Infinity"}},
      {TypeId::float8,
       "float8",
       Spelling::other,
       {"0", "-0", "0.1", "1e15", "1e16", "123456789012345680", "1e-5", "1e-6", "5e-324",
        "2.2250738585072014e-308", "1.7976931348623157e308", "NaN", "Infinity", "-Infinity"}},
      {TypeId::numeric,
       "numeric",
       Spelling::other,
       {"0", "0.00", "-1.10", "100000", "10000.0001", "0.0001", "1e-39", "NaN",
        "999999999999999999999999999999999999999", "-0.123456789012345678901234567890123456789",
        "123456789012345678901234567890.123456789", "9999.9999", "1e38"}},
      {Type::numeric(12, 2),
       "numeric(12,2)",
       Spelling::other,
       {"0", "9999999999.99", "-0.01", "5.5"}},
      {TypeId::text,
       "text",
       Spelling::same,
       {"", "a", "žluťoučký 日本 😀", "tab\tnewline\nback\\slash\"quote'"}},
      {Type(TypeId::varchar, 5), "varchar(5)", Spelling::same, {"", "žluťo"}},
      {Type(TypeId::bpchar, 6), "char(6)", Spelling::same, {"", "ab", "日本"}},
      {TypeId::char1, "\"char\"", Spelling::same, {"", "x"}},
      {TypeId::name, "name", Spelling::same, {"pg_class"}},
      {TypeId::bytea, "bytea", Spelling::same, {"", "\\x00ff10", "\\x5c"}},
      {TypeId::date,
       "date",
       Spelling::same,
       {"2000-01-01", "1999-12-31", "2024-02-29", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC",
        "9999-12-31", "10000-01-01", "262142-12-31"}},
      {TypeId::time,
       "time",
       Spelling::same,
       {"00:00:00", "23:59:59.999999", "12:34:56.7", "01:02:03.000001"}},
      {TypeId::timestamp,
       "timestamp",
       Spelling::same,
       {"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "0044-03-15 10:00:00 BC",
        "4714-12-31 00:00:00 BC", "262142-12-31 23:59:59.999999", "2024-02-29 12:34:56.7"}},
      {Type(TypeId::timestamp, 3), "timestamp(3)", Spelling::same, {"2024-02-29 12:34:56.789"}},
      {TypeId::timestamptz,
       "timestamptz",
       Spelling::same,
       {"2024-02-29 12:34:56.789012+02", "1900-01-01 00:00:00+00", "0044-03-15 10:00:00+00 BC"}},
      {TypeId::interval,
       "interval",
       Spelling::same,
       {"0", "1 year 2 mons 3 days 04:05:06.789123", "-1 mon +40 days -25:00:00", "1 year -1 day",
        "-1 year 2 days", "-00:00:00.000001", "178000000 years", "-178956970 years -8 mons",
        "2147483647 days", "-2562047788:00:54.775807", "1 day -00:00:01"}},
      {TypeId::uuid,
       "uuid",
       Spelling::same,
       {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"}},
      {TypeId::jsonb,
       "jsonb",
       Spelling::other,
       {"null", "true", "\"text\"", "[]", "{}", "1e3", "1.50", "-0.0",
        R"({"b": [1, 2.50, "x"], "aa": {"c": null}, "a": 1})",
        R"({"quote": "\"", "u": "\u00e9\u0001\n", "": 0})",
        R"(["\ud83d\ude00", [[]], {"a": {}}])"}},
      {Type::array_of(TypeId::boolean), "bool[]", Spelling::same, {"{}", "{t,f,NULL}"}},
      {Type::array_of(TypeId::int4),
       "int4[]",
       Spelling::same,
       {"{1,-2,NULL}", "{{1,2},{3,4}}", "[0:1]={1,2}", "[2:2][-1:0]={{1,2}}"}},
      {Type::array_of(TypeId::text),
       "text[]",
       Spelling::same,
       {R"({"",NULL,"NULL","a b","q\"","b\\s","{x}","x,y",žlu})", "{{a},{b}}"}},
      {Type::array_of(TypeId::float8), "float8[]", Spelling::other, {"{1.5,NaN,1e300,1e15}"}},
      {Type::array_of(TypeId::numeric), "numeric[]", Spelling::other, {"{1.10,NaN,0}"}},
      {Type::array_of(Type(TypeId::varchar, 3)), "varchar(3)[]", Spelling::same, {"{abc,d}"}},
      {Type::array_of(TypeId::timestamptz),
       "timestamptz[]",
       Spelling::same,
       {"{\"2024-02-29 12:34:56.7+00\"}"}},
      {Type::array_of(TypeId::bytea), "bytea[]", Spelling::same, {"{\"\\\\x00ff\"}"}},
      {Type::array_of(TypeId::jsonb),
       "jsonb[]",
       Spelling::other,
       {R"({"{\"a\": 1}","[]","null"})"}},
      {Type::array_of(TypeId::interval), "interval[]", Spelling::same, {"{\"1 day\",01:00:00}"}},
      {Type::array_of(TypeId::uuid),
       "uuid[]",
       Spelling::same,
       {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}},
      {TypeId::int2vector, "int2vector", Spelling::same, {"1 2 3"}},
      {Type::range_of(TypeId::int4),
       "int4range",
       Spelling::same,
       {"empty", "[1,5]", "(,)", "(,3]", "(1,2)"}},
      {Type::range_of(TypeId::int8), "int8range", Spelling::same, {"[1,5)"}},
      {Type::range_of(TypeId::numeric),
       "numrange",
       Spelling::other,
       {"(1.50,2]", "[1,1]", "(1,1)"}},
      {Type::range_of(TypeId::date),
       "daterange",
       Spelling::same,
       {"[2024-01-01,2024-12-31]", "[\"0001-01-01 BC\",)"}},
      {Type::range_of(TypeId::timestamp),
       "tsrange",
       Spelling::same,
       {"[2024-01-01 10:00,2024-01-02)"}},
      {Type::range_of(TypeId::timestamptz),
       "tstzrange",
       Spelling::same,
       {"[2024-01-01 10:00+00,)"}},
      {Type::array_of(Type::range_of(TypeId::int4)),
       "int4range[]",
       Spelling::same,
       {"{\"[1,5)\",empty}"}},
  };
  return all;
}

ColumnPtr read_one(const Type& type, std::string_view bytes,
                   void (*read)(std::string_view, ColumnBuilder&)) {
  ColumnBuilder builder(type);
  read(bytes, builder);
  return builder.finish();
}

std::string wire_text(const Column& column) {
  std::string text;
  text_writer(column.type())(column, 0, {.extra_float_digits = 1}, text);
  return text;
}

// One value of `type` that upstream holds, by its text and binary output there.
void check_value(Upstream& upstream, const Sample& sample, const std::string& text,
                 const std::string& binary) {
  CAPTURE(std::string(sample.upstream));
  CAPTURE(text);
  const Type& type = sample.type;
  const std::string cast = std::string("::text::") + sample.upstream;
  const ColumnPtr from_upstream = read_one(type, text, upstream_text_reader(type));
  if (text.find("]=") == std::string::npos) {  // array bounds are read from upstream only
    const ColumnPtr from_client = read_one(type, text, text_reader(type));
    CHECK(equal_values(*from_upstream, 0, *from_client, 0, Equality::identity));
  }
  const ColumnPtr from_binary = read_one(type, binary, binary_reader(type));
  CHECK(equal_values(*from_upstream, 0, *from_binary, 0, Equality::identity));

  const std::string ours = wire_text(*from_upstream);
  if (sample.spelling == Spelling::same) CHECK(ours == text);
  CHECK(upstream.value("SELECT $1" + cast + " IS NOT DISTINCT FROM $2" + cast, {{ours}, {text}}) ==
        "t");

  std::string bytes;
  binary_writer(type)(*from_upstream, 0, bytes);
  if (sample.spelling == Spelling::same || type.id() == TypeId::float4 ||
      type.id() == TypeId::float8) {
    CHECK(bytes == binary);
  }
  CHECK(upstream.value("SELECT $1 IS NOT DISTINCT FROM $2" + cast, {{bytes, type.oid()}, {text}}) ==
        "t");
}

std::optional<Upstream> connect() {
  const char* conninfo = std::getenv("TAILRACE_TEST_PG");
  if (!conninfo) {
    MESSAGE("skipped: TAILRACE_TEST_PG is not set");
    return std::nullopt;
  }
  return std::optional<Upstream>(std::in_place, conninfo);
}

}  // namespace

TEST_CASE("live: edge values of every type mean the same here and upstream") {
  auto upstream = connect();
  if (!upstream) return;
  for (const Sample& sample : samples()) {
    for (const char* value : sample.values) {
      const std::string sql = std::string("SELECT $1::text::") + sample.upstream;
      check_value(*upstream, sample, upstream->value(sql, {{value}}),
                  upstream->value(sql, {{value}}, 1));
    }
  }
}

TEST_CASE("live: random values mean the same here and upstream") {
  auto upstream = connect();
  if (!upstream) return;
  const std::pair<Sample, const char*> kinds[] = {
      {{TypeId::date, "date", Spelling::same, {}},
       "date '2000-01-01' + (random() * 4000000 - 2000000)::int"},
      {{TypeId::timestamp, "timestamp", Spelling::same, {}},
       "timestamp '2000-01-01' + (random() * 400000 - 200000) * interval '1 day 0.000001 second'"},
      {{TypeId::timestamptz, "timestamptz", Spelling::same, {}},
       "timestamptz '2000-01-01' + (random() * 400000 - 200000) * interval '1 day'"},
      {{TypeId::interval, "interval", Spelling::same, {}},
       "make_interval((random() * 20 - 10)::int, (random() * 20 - 10)::int, 0, (random() * 90 - "
       "45)::int, "
       "(random() * 60 - 30)::int, (random() * 100 - 50)::int, random() * 100 - 50)"},
      {{TypeId::float8, "float8", Spelling::other, {}},
       "(random() - 0.5) * power(10, random() * 600 - 300)"},
      {{TypeId::float4, "float4", Spelling::other, {}},
       "((random() - 0.5) * power(10, random() * 70 - 35))::float4"},
      {{TypeId::numeric, "numeric", Spelling::other, {}},
       "round((random() * 1e9)::numeric * power(10::numeric, (random() * 20 - 10)::int), (random() "
       "* 18)::int)"},
      {{TypeId::int8, "int8", Spelling::same, {}}, "((random() - 0.5) * 1.8e19)::int8"},
      {{TypeId::uuid, "uuid", Spelling::same, {}}, "gen_random_uuid()"},
      {{TypeId::time, "time", Spelling::same, {}}, "time '00:00' + random() * interval '23:59:59'"},
  };
  upstream->query("SELECT setseed(0.25)", {}, 0);
  for (const auto& [sample, expression] : kinds) {
    upstream->query("DROP TABLE IF EXISTS kind", {}, 0);
    upstream->query(std::string("CREATE TEMP TABLE kind AS SELECT ") + expression +
                        " AS v FROM generate_series(1, 500)",
                    {}, 0);
    const Result texts = upstream->query("SELECT v FROM kind ORDER BY ctid", {}, 0);
    const Result binaries = upstream->query("SELECT v FROM kind ORDER BY ctid", {}, 1);
    for (int row = 0; row < PQntuples(texts.get()); ++row) {
      check_value(*upstream, sample, Upstream::field(*texts, row), Upstream::field(*binaries, row));
    }
  }
}

TEST_CASE("live: what upstream holds and we cannot is an error, in text and in binary") {
  auto upstream = connect();
  if (!upstream) return;
  const std::pair<Type, std::vector<const char*>> cases[] = {
      {TypeId::date, {"infinity", "-infinity", "5874897-12-31", "262143-01-01"}},
      {TypeId::time, {"24:00:00"}},
      {TypeId::timestamp,
       {"infinity", "-infinity", "294276-12-31 23:59:59", "4714-11-24 00:00:00 BC"}},
      {TypeId::timestamptz, {"infinity", "294276-12-31 23:59:59+00"}},
      {TypeId::numeric,
       {"Infinity", "-Infinity", "1e39", "1e-40", "1.000000000000000000000000000000000000001e5",
        "1111111111111111111111111111111111111111"}},
      {TypeId::jsonb, {"1e39", "{\"a\": 1e-50}"}},
      {Type::array_of(TypeId::date), {"{infinity}"}},
      {Type::range_of(TypeId::timestamp), {"[infinity,infinity]"}},
  };
  for (const auto& [type, values] : cases) {
    for (const char* value : values) {
      CAPTURE(std::string(value));
      const std::string sql = "SELECT $1::text::" + catalog_name(type);
      const std::string text = upstream->value(sql, {{value}});
      const std::string binary = upstream->value(sql, {{value}}, 1);
      ColumnBuilder builder(type);
      CHECK_THROWS_AS(upstream_text_reader(type)(text, builder), SqlError);
      CHECK_THROWS_AS(binary_reader(type)(binary, builder), SqlError);
      CHECK(builder.size() == 0);
    }
  }
}

TEST_CASE("live: the calendar agrees with upstream's") {
  auto upstream = connect();
  if (!upstream) return;
  upstream->query("SELECT setseed(0.5)", {}, 0);
  const Result times = upstream->query(
      "SELECT timestamp '2000-01-01' + (random() * 2000000 - 1000000) * interval '1 day' FROM "
      "generate_series(1, 300)",
      {}, 0);
  const char* const fields[] = {"microseconds", "milliseconds", "second",     "minute",  "hour",
                                "day",          "week",         "month",      "quarter", "year",
                                "decade",       "century",      "millennium", "epoch",   "dow",
                                "isodow",       "doy"};
  const char* const intervals[] = {"1 mon", "-1 mon", "13 mons -1 day", "1 day 25:00:00",
                                   "-3 years 40 days"};
  std::optional<std::int64_t> previous;
  std::string previous_text;
  for (int row = 0; row < PQntuples(times.get()); ++row) {
    const std::string text = Upstream::field(*times, row);
    CAPTURE(text);
    const auto timestamp = std::get<std::int64_t>(from_text(TypeId::timestamp, text));
    const auto shown = [](std::int64_t value) { return to_text(TypeId::timestamp, value); };
    for (const char* name : fields) {
      CAPTURE(std::string(name));
      const DateTimeField field = *find_datetime_field(name);
      const std::string extracted = upstream->value(
          std::string("SELECT trim_scale(extract(") + name + " FROM $1::text::timestamp))",
          {{text}});
      CHECK(extract_from_timestamp(field, timestamp).to_string() == extracted);
      if (field < DateTimeField::epoch) {
        const std::string truncated = upstream->value(
            std::string("SELECT date_trunc('") + name + "', $1::text::timestamp)", {{text}});
        CHECK(shown(truncate_timestamp(field, timestamp)) == truncated);
      }
    }
    for (const char* interval : intervals) {
      const std::string sum =
          upstream->value("SELECT $1::text::timestamp + $2::text::interval", {{text}, {interval}});
      CHECK(shown(add(timestamp, std::get<Interval>(from_text(TypeId::interval, interval)))) ==
            sum);
    }
    const std::string bin =
        upstream->value("SELECT date_bin('7 hours', $1::text::timestamp, '1970-01-01')", {{text}});
    const std::int64_t origin = -seconds_from_unix_epoch * microseconds_per_second;
    if (std::llabs(timestamp - origin) < 9'000'000'000 * microseconds_per_second) {
      CHECK(shown(bin_timestamp({0, 0, 7 * microseconds_per_hour}, timestamp, origin)) == bin);
    }
    if (previous) {
      const std::string elapsed = upstream->value(
          "SELECT age($1::text::timestamp, $2::text::timestamp)", {{text}, {previous_text}});
      CHECK(to_text(TypeId::interval, age(timestamp, *previous)) == elapsed);
      const std::string justified =
          upstream->value("SELECT justify_interval($1::text::timestamp - $2::text::timestamp)",
                          {{text}, {previous_text}});
      CHECK(to_text(TypeId::interval, justify_interval(difference(timestamp, *previous))) ==
            justified);
    }
    previous = timestamp;
    previous_text = text;
  }
}
