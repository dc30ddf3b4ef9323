#include "repr/binary_format.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "repr/error.hpp"
#include "repr/order.hpp"
#include "repr/text_format.hpp"

using namespace tailrace;

TEST_CASE("every type survives its binary form") {
  const std::pair<Type, std::vector<const char*>> cases[] = {
      {TypeId::boolean, {"t", "f"}},
      {TypeId::int2, {"-32768"}},
      {TypeId::uint4, {"4294967295"}},
      {TypeId::float4, {"-0", "1.5", "NaN"}},
      {TypeId::float8, {"1e300", "-Infinity"}},
      {TypeId::numeric,
       {"0", "-0.0001", "12345678.9", "10000", "NaN", "999999999999999999999999999999999999999",
        "0.000000000000000000000000000000000000001", "1.5", "-99999999.99999999"}},
      {TypeId::text, {"", "äö"}},
      {TypeId::char1, {"", "x", "\\377"}},
      {TypeId::bytea, {"\\x00ff"}},
      {TypeId::date, {"4714-11-24 BC", "262142-12-31"}},
      {TypeId::time, {"23:59:59.999999"}},
      {TypeId::timestamptz, {"2020-01-02 03:04:05.678+00"}},
      {TypeId::interval, {"-1 years +2 days -00:00:00.000001"}},
      {TypeId::uuid, {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
      {TypeId::jsonb, {R"({"a":[1,null]})"}},
      {TypeId::mz_timestamp, {"18446744073709551615"}},
      {TypeId::mz_aclitem, {"u1=rwU/s2", "=r/u1"}},
      {TypeId::int2vector, {"1 2 3", ""}},
      {Type::array_of(TypeId::text), {"{}", "{{a,NULL},{\"\",d}}"}},
      {Type::array_of(TypeId::numeric), {"{1.5,-2}"}},
      {Type::range_of(TypeId::int4), {"empty", "(,)", "[1,5)"}},
      {Type::range_of(TypeId::numeric), {"(1.5,2]"}},
  };
  for (const auto& [type, texts] : cases) {
    ColumnBuilder texts_in(type);
    ColumnBuilder binary_in(type);
    for (const char* text : texts) text_reader(type)(text, texts_in);
    const ColumnPtr column = texts_in.finish();
    for (std::size_t row = 0; row < column->size(); ++row) {
      CAPTURE(texts[row]);
      std::string bytes;
      binary_writer(type)(*column, row, bytes);
      binary_reader(type)(bytes, binary_in);
      const bool cut_is_valid =
          type.is_string() || type.id() == TypeId::bytea || type.id() == TypeId::mz_timestamp;
      if (!bytes.empty() && !cut_is_valid) {
        ColumnBuilder scratch(type);
        CHECK_THROWS_AS(binary_reader(type)(std::string_view(bytes).substr(1), scratch), SqlError);
        CHECK(scratch.size() == 0);
      }
    }
    const ColumnPtr copy = binary_in.finish();
    for (std::size_t row = 0; row < column->size(); ++row) {
      CAPTURE(texts[row]);
      CHECK(equal_values(*column, row, *copy, row, Equality::identity));
    }
  }
}

TEST_CASE("damaged containers are refused, wherever they are cut") {
  for (const auto& [type, text] : {std::pair{Type::array_of(TypeId::text), "{{a,NULL},{b,c}}"},
                                   std::pair{Type::range_of(TypeId::int8), "[1,5)"}}) {
    ColumnBuilder in(type);
    text_reader(type)(text, in);
    std::string bytes;
    binary_writer(type)(*in.finish(), 0, bytes);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      ColumnBuilder out(type);
      CHECK_THROWS_AS(binary_reader(type)(bytes.substr(0, length), out), SqlError);
    }
  }
}

TEST_CASE("what has no binary form says so") {
  CHECK(!binary_writer(Type::list_of(TypeId::int4)));
  CHECK(!binary_writer(Type::map_of(TypeId::int4)));
  CHECK(!binary_writer(Type::record_of({{"a", Type::list_of(TypeId::int4)}})));
  CHECK(!binary_reader(TypeId::aclitem));
}
