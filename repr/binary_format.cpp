#include "repr/binary_format.hpp"

#include "repr/datetime.hpp"
#include "repr/json.hpp"
#include "repr/network_bytes.hpp"
#include "repr/numeric_binary.hpp"
#include "repr/scalar_text.hpp"
#include "repr/value_binary.hpp"

namespace tailrace {

namespace {

template <class T>
void write_fixed(const Column& column, std::size_t row, std::string& out) {
  put_network(out, column.values<T>()[row]);
}

void write_bytes(const Column& column, std::size_t row, std::string& out) {
  out += column.bytes(row);
}

void write_jsonb(const Column& column, std::size_t row, std::string& out) {
  out += '\1';
  out += column.bytes(row);
}

void write_numeric(const Column& column, std::size_t row, std::string& out) {
  append_binary_numeric(column.numeric(row), out);
}

void write_value(const Column& column, std::size_t row, std::string& out) {
  append_value_binary(column.type(), column.value(row), out);
}

template <class T>
void read_fixed(std::string_view bytes, ColumnBuilder& out) {
  out.append(read_network<T>(bytes, "a number"));
}

void read_date(std::string_view bytes, ColumnBuilder& out) {
  out.append(checked_date(read_network<std::int32_t>(bytes, "date")));
}

void read_timestamp(std::string_view bytes, ColumnBuilder& out) {
  out.append(checked_timestamp(read_network<std::int64_t>(bytes, "timestamp")));
}

void read_text(std::string_view bytes, ColumnBuilder& out) {
  check_utf8(bytes);
  out.append_bytes(bytes);
}

void read_bytea(std::string_view bytes, ColumnBuilder& out) {
  out.append_bytes(bytes);
}

void read_json(std::string_view bytes, ColumnBuilder& out) {
  append_canonical_json(bytes, out.heap());
  out.end_bytes();
}

void read_jsonb(std::string_view bytes, ColumnBuilder& out) {
  if (!bytes.starts_with('\1')) {
    throw SqlError(sqlstate::invalid_binary_representation, "unsupported jsonb version number");
  }
  read_json(bytes.substr(1), out);
}

void read_value(std::string_view bytes, ColumnBuilder& out) {
  out.append_value(parse_value_binary(out.type(), bytes));
}

bool has_binary_output(const Type& type) {
  switch (type.id()) {
    case TypeId::list:
    case TypeId::map:
    case TypeId::aclitem:
      return false;
    case TypeId::array:
      return has_binary_output(type.element());
    case TypeId::record:
      for (const RecordField& field : type.fields()) {
        if (!has_binary_output(field.type)) return false;
      }
      return true;
    default:
      return true;
  }
}

bool has_binary_input(const Type& type) {
  if (type.id() == TypeId::record) return false;
  if (type.id() == TypeId::array) return has_binary_input(type.element());
  return has_binary_output(type);
}

}  // namespace

BinaryWriter binary_writer(const Type& type) {
  if (!has_binary_output(type)) return nullptr;
  switch (type.id()) {
    case TypeId::boolean:
      return write_fixed<std::uint8_t>;
    case TypeId::int2:
      return write_fixed<std::int16_t>;
    case TypeId::int4:
    case TypeId::date:
      return write_fixed<std::int32_t>;
    case TypeId::int8:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return write_fixed<std::int64_t>;
    case TypeId::uint2:
      return write_fixed<std::uint16_t>;
    case TypeId::uint4:
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return write_fixed<std::uint32_t>;
    case TypeId::uint8:
      return write_fixed<std::uint64_t>;
    case TypeId::float4:
      return write_fixed<float>;
    case TypeId::float8:
      return write_fixed<double>;
    case TypeId::numeric:
      return write_numeric;
    case TypeId::unknown:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::name:
    case TypeId::bytea:
      return write_bytes;
    case TypeId::jsonb:
      return write_jsonb;
    default:
      return write_value;
  }
}

BinaryReader binary_reader(const Type& type) {
  if (!has_binary_input(type)) return nullptr;
  switch (type.id()) {
    case TypeId::int2:
      return read_fixed<std::int16_t>;
    case TypeId::int4:
      return read_fixed<std::int32_t>;
    case TypeId::int8:
      return read_fixed<std::int64_t>;
    case TypeId::oid:
      return read_fixed<std::uint32_t>;
    case TypeId::float4:
      return read_fixed<float>;
    case TypeId::float8:
      return read_fixed<double>;
    case TypeId::numeric:
      return read_binary_numeric;
    case TypeId::date:
      return read_date;
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return read_timestamp;
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
      return read_text;
    case TypeId::bytea:
      return read_bytea;
    case TypeId::jsonb:
      return read_jsonb;
    default:
      return read_value;
  }
}

BinaryReader json_binary_reader() {
  return read_json;
}

}  // namespace tailrace
