// batch:   version (1) | rows | columns | (type, column)* | times | diffs
// type:    id (1) | modifier (4) | element type, or count and (name, type)*
// column:  layout (1) | decimal scale (1) | 1 if nulls (1) | rows | validity words | fixed: values
//                                                                               | bytes: offsets (4
//                                                                               each), heap
// times:   1 if uniform (1) | one word, or a word a row;  diffs likewise
//
// Counts are of variable length (byte_codec.hpp), all else is little-endian.
#include "repr/batch_codec.hpp"

#include "repr/byte_codec.hpp"

namespace tailrace {

namespace {

constexpr char version = 1;
constexpr int type_depth_max =
    64;  // nested types deeper than this come from damage, not from users

Type decode_type(std::string_view& bytes, int depth) {
  if (depth > type_depth_max) fail_corrupted("type nested too deep");
  const auto number = static_cast<std::uint8_t>(take_bytes(bytes, 1).front());
  if (number > static_cast<std::uint8_t>(TypeId::range)) fail_corrupted("type");
  const auto id = static_cast<TypeId>(number);
  const auto modifier = take_fixed<std::int32_t>(bytes);
  switch (id) {
    case TypeId::array:
      return Type::array_of(decode_type(bytes, depth + 1));
    case TypeId::list:
      return Type::list_of(decode_type(bytes, depth + 1));
    case TypeId::map:
      return Type::map_of(decode_type(bytes, depth + 1));
    case TypeId::range:
      return Type::range_of(decode_type(bytes, depth + 1));
    case TypeId::record: {
      const std::uint64_t count = take_count(bytes);
      if (count > bytes.size()) fail_corrupted("field count");
      std::vector<RecordField> fields;
      for (std::uint64_t i = 0; i < count; ++i) {
        std::string name(take_counted_bytes(bytes));
        fields.push_back({std::move(name), decode_type(bytes, depth + 1)});
      }
      return Type::record_of(std::move(fields));
    }
    default:
      return Type(id, modifier);
  }
}

bool layout_fits(const Type& type, Layout layout) {
  const Layout natural = layout_of(type);
  if (natural == Layout::numeric) {
    return layout == Layout::decimal64 || layout == Layout::decimal128 || layout == Layout::numeric;
  }
  return layout == natural;
}

template <class T>
void put_array(std::string& out, std::span<const T> values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

template <class T>
std::vector<T> take_array(std::string_view& bytes, std::size_t count) {
  if (count > bytes.size() / sizeof(T)) fail_corrupted("unexpected end");
  const std::string_view taken = take_bytes(bytes, count * sizeof(T));
  std::vector<T> values(count);
  if (count != 0) std::memcpy(values.data(), taken.data(), taken.size());
  return values;
}

template <class T>
void put_per_row(std::string& out, const PerRow<T>& values) {
  out += static_cast<char>(values.is_uniform());
  if (values.is_uniform()) {
    put_fixed(out, values.uniform_value());
  } else {
    put_array(out, std::span<const T>(values.values()));
  }
}

template <class T>
PerRow<T> take_per_row(std::string_view& bytes, std::size_t rows) {
  if (take_bytes(bytes, 1).front() != 0) return PerRow<T>::uniform(take_fixed<T>(bytes));
  return PerRow<T>::each(take_array<T>(bytes, rows));
}

}  // namespace

void encode_type(const Type& type, std::string& out) {
  out += static_cast<char>(type.id());
  put_fixed(out, type.modifier());
  switch (type.id()) {
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
    case TypeId::range:
      return encode_type(type.element(), out);
    case TypeId::record:
      put_count(out, type.fields().size());
      for (const RecordField& field : type.fields()) {
        put_bytes(out, field.name);
        encode_type(field.type, out);
      }
      return;
    default:
      return;
  }
}

Type decode_type(std::string_view& bytes) {
  return decode_type(bytes, 0);
}

void encode_column(const Column& column, std::string& out) {
  out += static_cast<char>(column.layout());
  out += static_cast<char>(column.decimal_scale());
  out += static_cast<char>(column.has_nulls());
  put_count(out, column.size());
  put_array(out, column.validity());
  if (column.layout() == Layout::bytes) {
    put_array(out, column.offsets());
    out += column.heap();
  } else {
    put_array(out, column.fixed_bytes());
  }
}

ColumnPtr decode_column(const Type& type, std::string_view& bytes) {
  const auto layout_number = static_cast<std::uint8_t>(take_bytes(bytes, 1).front());
  const auto scale = static_cast<std::uint8_t>(take_bytes(bytes, 1).front());
  const bool nulls = take_bytes(bytes, 1).front() != 0;
  const std::uint64_t size = take_count(bytes);
  if (layout_number > static_cast<std::uint8_t>(Layout::bytes)) fail_corrupted("column layout");
  const auto layout = static_cast<Layout>(layout_number);
  if (!layout_fits(type, layout) || scale > 39) fail_corrupted("column layout");
  if (size > bytes.size()) fail_corrupted("column size");  // a row takes a byte at least
  std::vector<std::uint64_t> validity;
  if (nulls) validity = take_array<std::uint64_t>(bytes, (size + 63) / 64);
  if (layout != Layout::bytes) {
    std::vector<std::byte> values = take_array<std::byte>(bytes, size * width_of(layout));
    return Column::from_fixed(type, layout, scale, size, std::move(values), std::move(validity));
  }
  std::vector<std::uint32_t> offsets = take_array<std::uint32_t>(bytes, size + 1);
  if (offsets.front() != 0) fail_corrupted("column offsets");
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    if (offsets[i] < offsets[i - 1]) fail_corrupted("column offsets");
  }
  std::string heap(take_bytes(bytes, offsets.back()));
  return Column::from_bytes(type, std::move(offsets), std::move(heap), std::move(validity));
}

void encode_batch(const Batch& batch, std::string& out) {
  out += version;
  put_count(out, batch.rows);
  put_count(out, batch.columns.size());
  for (const ColumnPtr& column : batch.columns) {
    encode_type(column->type(), out);
    encode_column(*column, out);
  }
  put_per_row(out, batch.times);
  put_per_row(out, batch.diffs);
}

Batch decode_batch(std::string_view& bytes) {
  if (take_bytes(bytes, 1).front() != version) fail_corrupted("batch of an unknown version");
  Batch batch;
  batch.rows = take_count(bytes);
  const std::uint64_t columns = take_count(bytes);
  if (columns > bytes.size()) fail_corrupted("column count");
  batch.columns.reserve(columns);
  for (std::uint64_t i = 0; i < columns; ++i) {
    const Type type = decode_type(bytes);
    batch.columns.push_back(decode_column(type, bytes));
    if (batch.columns.back()->size() != batch.rows) fail_corrupted("columns of different sizes");
  }
  batch.times = take_per_row<Timestamp>(bytes, batch.rows);
  batch.diffs = take_per_row<Diff>(bytes, batch.rows);
  return batch;
}

}  // namespace tailrace
