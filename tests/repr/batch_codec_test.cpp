#include "repr/batch_codec.hpp"

#include <doctest/doctest.h>

#include "repr/error.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"
#include "repr/row.hpp"

using namespace tailrace;

namespace {

Batch sample() {
  const Type list = Type::list_of(TypeId::text);
  const Type record = Type::record_of({{"a", TypeId::int4}, {"b", Type::numeric(10, 2)}});
  const Type types[] = {TypeId::boolean, Type::numeric(10, 2), Type(TypeId::varchar, 5), list,
                        record,          TypeId::interval};
  BatchBuilder builder(types);
  const Value rows[][6] = {
      {true, Numeric::parse("1.25"), std::string("abc"),
       encode_list(list, {std::string("x"), Null{}}),
       encode_record(record, {std::int32_t{1}, Numeric::parse("2.5")}), Interval{1, 2, 3}},
      {Null{}, Null{}, Null{}, Null{}, Null{}, Null{}},
      {false, Numeric::nan(), std::string(), encode_list(list, {}),
       encode_record(record, {Null{}, Null{}}), Interval{}},
  };
  Timestamp time = 10;
  for (const auto& row : rows) builder.append_row(row, time++, 2);
  return builder.finish();
}

}  // namespace

TEST_CASE("a batch survives its bytes") {
  const Batch batch = sample();
  std::string bytes;
  encode_batch(batch, bytes);
  encode_batch(batch, bytes);  // two in a row: decoding takes what is its own
  std::string_view rest = bytes;
  for (int i = 0; i < 2; ++i) {
    const Batch copy = decode_batch(rest);
    REQUIRE(copy.rows == batch.rows);
    CHECK(copy.types() == batch.types());
    for (std::size_t row = 0; row < batch.rows; ++row) {
      CHECK(compare_rows(batch, row, {}, copy, row, {}, Equality::identity) == 0);
      CHECK(copy.times[row] == batch.times[row]);
      CHECK(copy.diffs[row] == 2);
    }
  }
  CHECK(rest.empty());
}

TEST_CASE("damaged batches are errors, wherever they are cut") {
  std::string bytes;
  encode_batch(sample(), bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    std::string_view cut = std::string_view(bytes).substr(0, length);
    CHECK_THROWS_AS(decode_batch(cut), SqlError);
  }
}

TEST_CASE("rows are canonical bytes") {
  const Batch batch = sample();
  const std::vector<Type> types = batch.types();
  const int all[] = {0, 1, 2, 3, 4, 5};
  BatchBuilder builder(types);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    std::string bytes;
    encode_row(batch, row, all, bytes);
    const std::vector<Value> values = decode_row(bytes, types);
    CHECK(encode_row(types, values).bytes == bytes);
    decode_row(bytes, types, builder);
    builder.end_row(0, 1);
  }
  const Batch copy = builder.finish();
  for (std::size_t row = 0; row < batch.rows; ++row) {
    CHECK(equal_rows(batch, row, {}, copy, row, {}, Equality::identity));
  }
}
