// An export as bytes, for the catalog. Little-endian:
//
//   'E' version(1) | table | schema | column_map | as_text | key | publication | memberships | labels
//   strings and lists have a uint32 length in front
#include <fmt/format.h>

#include <cstring>

#include "replication/postgres/config.hpp"
#include "repr/batch_codec.hpp"
#include "repr/error.hpp"

namespace tailrace::replication {
namespace {

constexpr char magic = 'E';
// 1: without publication, memberships and labels.
constexpr std::uint8_t version_now = 2;

[[noreturn]] void corrupted(std::string_view why) {
  throw SqlError(sqlstate::data_corrupted,
                 fmt::format("stored description of an upstream table is damaged: {}", why));
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class Source {
 public:
  explicit Source(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string string() { return std::string(take(get<std::uint32_t>())); }
  bool flag() { return get<std::uint8_t>() != 0; }
  // A list's length; each element takes at least a byte.
  std::size_t count() {
    const auto count = get<std::uint32_t>();
    if (count > bytes_.size()) corrupted("a list is longer than its bytes");
    return count;
  }
  Type type() { return decode_type(bytes_); }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) corrupted("it ends too early");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
};

void put_table(std::string& out, const UpstreamTable& table) {
  put(out, table.oid);
  put_string(out, table.schema);
  put_string(out, table.name);
  put(out, table.replica_identity);
  put(out, static_cast<std::uint32_t>(table.columns.size()));
  for (const UpstreamColumn& column : table.columns) {
    put_string(out, column.name);
    put(out, column.attribute_number);
    put(out, column.type_oid);
    put(out, column.type_modifier);
    put(out, static_cast<std::uint8_t>(column.not_null));
    put(out, static_cast<std::uint8_t>(column.generated));
  }
  put(out, static_cast<std::uint32_t>(table.keys.size()));
  for (const UpstreamKey& key : table.keys) {
    put(out, key.oid);
    put_string(out, key.name);
    put(out, static_cast<std::uint8_t>(key.primary));
    put(out, static_cast<std::uint32_t>(key.attribute_numbers.size()));
    for (const std::int16_t number : key.attribute_numbers) put(out, number);
  }
}

UpstreamTable get_table(Source& in) {
  UpstreamTable table;
  table.oid = in.get<Oid>();
  table.schema = in.string();
  table.name = in.string();
  table.replica_identity = in.get<char>();
  for (std::size_t i = in.count(); i > 0; --i) {
    UpstreamColumn column;
    column.name = in.string();
    column.attribute_number = in.get<std::int16_t>();
    column.type_oid = in.get<Oid>();
    column.type_modifier = in.get<std::int32_t>();
    column.not_null = in.flag();
    column.generated = in.flag();
    table.columns.push_back(std::move(column));
  }
  for (std::size_t i = in.count(); i > 0; --i) {
    UpstreamKey key;
    key.oid = in.get<Oid>();
    key.name = in.string();
    key.primary = in.flag();
    for (std::size_t j = in.count(); j > 0; --j)
      key.attribute_numbers.push_back(in.get<std::int16_t>());
    table.keys.push_back(std::move(key));
  }
  return table;
}

}  // namespace

std::string encode_export(const TableExport& table) {
  std::string out;
  put(out, magic);
  put(out, version_now);
  put_table(out, table.upstream);
  put(out, static_cast<std::uint32_t>(table.schema.size()));
  for (std::size_t i = 0; i < table.schema.size(); ++i) {
    const ColumnSchema& column = table.schema.columns[i];
    put_string(out, column.name);
    encode_type(column.type, out);
    put(out, static_cast<std::uint8_t>(column.nullable));
    put(out, static_cast<std::int32_t>(table.column_map[i]));
    put(out, static_cast<std::uint8_t>(table.as_text[i]));
  }
  put(out, static_cast<std::uint32_t>(table.key.size()));
  for (const int column : table.key) put(out, static_cast<std::int32_t>(column));
  put(out, table.upstream.publication);
  put(out, static_cast<std::uint32_t>(table.upstream.memberships.size()));
  for (const std::string& membership : table.upstream.memberships) put_string(out, membership);
  put(out, static_cast<std::uint32_t>(table.labels.size()));
  for (const auto& [oid, label] : table.labels) {
    put(out, oid);
    put_string(out, label);
  }
  return out;
}

TableExport decode_export(std::string_view bytes) {
  Source in(bytes);
  if (in.get<char>() != magic) corrupted("it does not begin like one");
  const auto version = in.get<std::uint8_t>();
  if (version < 1 || version > version_now)
    corrupted(fmt::format("it has the unknown version {}", version));
  TableExport table;
  table.upstream = get_table(in);
  for (std::size_t i = in.count(); i > 0; --i) {
    ColumnSchema column;
    column.name = in.string();
    column.type = in.type();
    column.nullable = in.flag();
    table.schema.columns.push_back(std::move(column));
    const auto index = in.get<std::int32_t>();
    if (index < 0 || static_cast<std::size_t>(index) >= table.upstream.columns.size()) {
      corrupted("a column refers to none upstream");
    }
    table.column_map.push_back(index);
    table.as_text.push_back(in.flag());
  }
  for (std::size_t i = in.count(); i > 0; --i) {
    const auto column = in.get<std::int32_t>();
    if (column < 0 || static_cast<std::size_t>(column) >= table.schema.size()) {
      corrupted("a key refers to no column");
    }
    table.key.push_back(column);
  }
  if (version >= 2) {
    table.upstream.publication = in.get<Oid>();
    for (std::size_t i = in.count(); i > 0; --i) table.upstream.memberships.push_back(in.string());
    for (std::size_t i = in.count(); i > 0; --i) {
      const auto oid = in.get<Oid>();
      table.labels[oid] = in.string();
    }
  }
  if (!in.at_end()) corrupted("unexpected bytes follow");
  return table;
}

}  // namespace tailrace::replication
