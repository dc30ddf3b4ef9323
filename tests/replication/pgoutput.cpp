#include "replication/postgres/pgoutput.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace tailrace;
using namespace tailrace::replication;
using namespace tailrace::replication::pgoutput;

namespace {

template <class T>
std::string big(T value) {
  std::string bytes;
  for (int shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
  return bytes;
}
std::string u16(std::uint16_t v) {
  return big(v);
}
std::string u32(std::uint32_t v) {
  return big(v);
}
std::string u64(std::uint64_t v) {
  return big(v);
}
std::string zero_ended(std::string text) {
  return text + '\0';
}
std::string value(char kind, std::string text) {
  return std::string(1, kind) + u32(static_cast<std::uint32_t>(text.size())) + text;
}

std::vector<TupleValue> values(const Tuple& tuple) {
  std::vector<TupleValue> all;
  tuple.for_each([&](std::uint16_t, const TupleValue& value) { all.push_back(value); });
  return all;
}

std::string relation() {
  return "R" + u32(16401) + zero_ended("public") + zero_ended("t") + "f" + u16(2) + '\1' +
         zero_ended("id") + u32(23) + u32(0xffffffff) + '\0' + zero_ended("name") + u32(1043) +
         u32(24);
}
std::string update() {
  return "U" + u32(16401) + "O" + u16(2) + value('t', "1") + value('t', "old") + "N" + u16(2) +
         value('b', "1") + "u";
}

std::vector<std::string> examples() {
  return {"B" + u64(100) + u64(5) + u32(7),
          "C" + std::string(1, '\0') + u64(100) + u64(120) + u64(5),
          "O" + u64(9) + zero_ended("origin"),
          relation(),
          "Y" + u32(50000) + zero_ended("public") + zero_ended("mood"),
          "I" + u32(16401) + "N" + u16(2) + value('t', "1") + "n",
          update(),
          "U" + u32(16401) + "N" + u16(0),
          "D" + u32(16401) + "K" + u16(1) + value('t', "1"),
          "T" + u32(2) + std::string(1, '\3') + u32(1) + u32(2),
          "M" + std::string(1, '\1') + u64(77) + zero_ended("prefix") + u32(3) + "abc"};
}

}  // namespace

TEST_CASE("each message is decoded") {
  const auto bytes = examples();
  CHECK(std::get<Begin>(decode(bytes[0])).commit_lsn == 100);
  CHECK(std::get<Begin>(decode(bytes[0])).xid == 7);
  CHECK(std::get<Commit>(decode(bytes[1])).end_lsn == 120);
  CHECK(std::get<Origin>(decode(bytes[2])).name == "origin");
  const Message described = decode(bytes[3]);
  const auto& table = std::get<Relation>(described);
  CHECK(table.oid == 16401);
  CHECK(table.identity == 'f');
  REQUIRE(table.columns.size() == 2);
  CHECK(table.columns[0].key);
  CHECK(table.columns[0].type_modifier == -1);
  CHECK(table.columns[1].name == "name");
  CHECK(std::get<pgoutput::Type>(decode(bytes[4])).name == "mood");
  const Message inserted = decode(bytes[5]);
  const auto row = values(std::get<Insert>(inserted).row);
  REQUIRE(row.size() == 2);
  CHECK(row[0].kind == TupleValue::Kind::text);
  CHECK(row[0].bytes == "1");
  CHECK(row[1].kind == TupleValue::Kind::null);
  const Message truncated = decode(bytes[9]);
  CHECK(std::get<Truncate>(truncated).oids == std::vector<Oid>{1, 2});
  CHECK(std::get<Truncate>(truncated).cascade);
  const Message message = decode(bytes[10]);
  CHECK(std::get<LogicalMessage>(message).content == "abc");
}

TEST_CASE("updates and deletes say how much of the old row they carry") {
  const std::string bytes = update();
  const Message message = decode(bytes);
  const auto& changed = std::get<Update>(message);
  CHECK(changed.old_kind == OldRow::full);
  CHECK(values(changed.old_row)[1].bytes == "old");
  CHECK(values(changed.new_row)[0].kind == TupleValue::Kind::binary);
  CHECK(values(changed.new_row)[1].kind == TupleValue::Kind::unchanged_toast);
  CHECK(std::get<Update>(decode(examples()[7])).old_kind == OldRow::none);
  CHECK(std::get<Delete>(decode(examples()[8])).old_kind == OldRow::key);
}

TEST_CASE("every truncated message is an error that says where") {
  for (const std::string& bytes : examples()) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CHECK_THROWS_AS(decode(std::string_view(bytes).substr(0, length)), ProtocolError);
    }
    CHECK_THROWS_AS(decode(bytes + "x"), ProtocolError);
  }
  try {
    decode("I" + u32(1) + "N" + u16(1) + "t" + u32(9) + "abc");
    FAIL("a value longer than the message was taken");
  } catch (const ProtocolError& error) {
    CHECK(error.offset() == 13);
    CHECK(error.message() == "invalid replication message 'I' at byte 13: 6 bytes are missing");
  }
}

TEST_CASE("messages of other protocol versions are refused") {
  for (const char kind : std::string("SEcAbPKrp?")) {
    CHECK_THROWS_AS(decode(std::string(1, kind) + u64(1) + u64(1)), ProtocolError);
  }
}

TEST_CASE("no bytes crash the decoder") {
  std::mt19937 random(20240229);
  const auto seeds = examples();
  for (int round = 0; round < 200000; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    for (unsigned changes = random() % 4 + 1; changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 1));
    try {
      const Message message = decode(bytes);
      if (const auto* insert = std::get_if<Insert>(&message)) {
        CHECK(values(insert->row).size() == insert->row.count());
      }
    } catch (const ProtocolError& error) {
      CHECK(error.offset() <= bytes.size());
    }
  }
}
