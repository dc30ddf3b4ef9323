#include <doctest/doctest.h>

#include <random>

#include "replication/postgres/config.hpp"
#include "repr/error.hpp"

using namespace tailrace;
using namespace tailrace::replication;

namespace {

TableExport example() {
  TableExport table;
  table.upstream.oid = 16401;
  table.upstream.schema = "odd \"schema\"";
  table.upstream.name = "täble";
  table.upstream.replica_identity = 'f';
  table.upstream.columns = {
      {.name = "id", .attribute_number = 1, .type_oid = 23, .type_modifier = -1, .not_null = true},
      {.name = "sum", .attribute_number = 3, .type_oid = 1700, .type_modifier = 655366},
      {.name = "gone", .attribute_number = 4, .type_oid = 25, .generated = true}};
  table.upstream.keys = {{.oid = 99, .name = "pk", .attribute_numbers = {1}, .primary = true}};
  table.schema.columns = {{.name = "id", .type = TypeId::int4, .nullable = false},
                          {.name = "sum", .type = Type::numeric(10, 2)}};
  table.column_map = {0, 1};
  table.as_text = {false, true};
  table.key = {0};
  table.upstream.publication = 16500;
  table.upstream.memberships = {"a", "r16501/740"};
  table.labels = {{16600, "sad"}, {16602, "happy \"very\""}};
  return table;
}

}  // namespace

TEST_CASE("an export survives encoding") {
  const TableExport table = example();
  const TableExport read = decode_export(encode_export(table));
  CHECK(read.upstream.oid == 16401);
  CHECK(read.upstream.schema == table.upstream.schema);
  CHECK(read.upstream.name == table.upstream.name);
  CHECK(read.upstream.replica_identity == 'f');
  REQUIRE(read.upstream.columns.size() == 3);
  CHECK(read.upstream.columns[1].attribute_number == 3);
  CHECK(read.upstream.columns[1].type_modifier == 655366);
  CHECK(read.upstream.columns[2].generated);
  REQUIRE(read.upstream.keys.size() == 1);
  CHECK(read.upstream.keys[0].oid == 99);
  CHECK(read.upstream.keys[0].primary);
  CHECK(read.schema == table.schema);
  CHECK(read.column_map == table.column_map);
  CHECK(read.as_text == table.as_text);
  CHECK(read.key == table.key);
  CHECK(read.upstream.publication == 16500);
  CHECK(read.upstream.memberships == table.upstream.memberships);
  CHECK(read.labels == table.labels);
  CHECK(encode_export(read) == encode_export(table));
}

TEST_CASE("a damaged export is an error, never a crash") {
  const std::string bytes = encode_export(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_THROWS_AS(decode_export(std::string_view(bytes).substr(0, length)), SqlError);
  }
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    try {
      decode_export(changed);
    } catch (const SqlError&) {
    }
  }
}
