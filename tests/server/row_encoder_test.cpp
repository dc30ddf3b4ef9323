#include "server/pgwire/row_encoder.hpp"

#include <doctest/doctest.h>

#include "tests/server/message_list.hpp"

namespace tailrace::server {

namespace {

Schema schema() {
  return {.columns = {{.name = "n", .type = TypeId::int4}, {.name = "t", .type = TypeId::text}}};
}

Batch batch() {
  ColumnBuilder numbers(TypeId::int4);
  ColumnBuilder texts(TypeId::text);
  numbers.append(std::int32_t{1});
  texts.append_bytes("tab\there \\ and\nthere");
  numbers.append_null();
  texts.append_bytes("say \"a, b\"");
  return {.columns = {numbers.finish(), texts.finish()}, .rows = 2};
}

std::string copied(const engine::CopyOptions& options) {
  const auto encoder = copy_encoder(schema(), options, 1);
  std::string out;
  encoder->append_start(out);
  CHECK(encoder->append_rows(batch(), 0, 1 << 20, out) == 2);
  encoder->append_end(out);
  std::string data;
  for (const test::BackendMessage& message : test::split_messages(out)) {
    CHECK(message.kind == 'd');
    data += message.payload;
  }
  return data;
}

}  // namespace

TEST_CASE("DataRow: text and binary columns mixed, NULL without a value") {
  const std::int16_t formats[] = {1, 0};
  const auto encoder = data_row_encoder(schema(), formats, 1);
  std::string out;
  CHECK(encoder->append_rows(batch(), 0, 1 << 20, out) == 2);
  const auto rows = test::split_messages(out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].payload ==
        std::string("\0\2\0\0\0\4\0\0\0\1\0\0\0\x14", 14) + "tab\there \\ and\nthere");
  CHECK(rows[1].payload == std::string("\0\2\xff\xff\xff\xff\0\0\0\x0a", 10) + "say \"a, b\"");
}

TEST_CASE("a full buffer stops the encoder between rows") {
  const auto encoder = data_row_encoder(schema(), {}, 1);
  std::string out;
  CHECK(encoder->append_rows(batch(), 0, 1, out) == 1);
  CHECK(encoder->append_rows(batch(), 1, 1, out) == 1);
  out.clear();
  CHECK(encoder->append_rows(batch(), 1, 1, out) == 2);
}

TEST_CASE("result formats must fit the columns, and exist") {
  const std::int16_t three[] = {0, 0, 0};
  CHECK_THROWS_AS(data_row_encoder(schema(), three, 1), SqlError);
  const Schema list{.columns = {{.name = "l", .type = Type::list_of(TypeId::int4)}}};
  const std::int16_t binary[] = {1};
  CHECK_THROWS_WITH_AS(data_row_encoder(list, binary, 1),
                       "no binary output function available for type integer list", SqlError);
}

TEST_CASE("COPY: text, CSV and binary as PostgreSQL writes them") {
  CHECK(copied({}) == "1\ttab\\there \\\\ and\\nthere\n\\N\tsay \"a, b\"\n");
  CHECK(copied({.format = engine::CopyFormat::csv, .delimiter = ',', .null = ""}) ==
        "1,\"tab\there \\ and\nthere\"\n,\"say \"\"a, b\"\"\"\n");
  const std::string binary = copied({.format = engine::CopyFormat::binary});
  CHECK(binary.starts_with(std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2", 21)));
  CHECK(binary.ends_with("\xff\xff"));
}

}  // namespace tailrace::server
