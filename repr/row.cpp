#include "repr/row.hpp"

#include "repr/byte_codec.hpp"
#include "repr/value_codec.hpp"

namespace tailrace {

void encode_row(const Batch& batch, std::size_t row, std::span<const int> columns,
                std::string& out) {
  for (int column : columns) put_value(*batch.columns[static_cast<std::size_t>(column)], row, out);
}

Row encode_row(std::span<const Type> types, std::span<const Value> values) {
  ensure(types.size() == values.size(), "a type for each value");
  Row row;
  for (std::size_t i = 0; i < values.size(); ++i)
    put_value(layout_of(types[i]), values[i], row.bytes);
  return row;
}

void decode_row(std::string_view bytes, std::span<const Type> types, BatchBuilder& out) {
  for (std::size_t i = 0; i < types.size(); ++i) take_value(bytes, out.column(i));
  if (!bytes.empty()) fail_corrupted("bytes after a row");
}

std::vector<Value> decode_row(std::string_view bytes, std::span<const Type> types) {
  std::vector<Value> values;
  values.reserve(types.size());
  for (const Type& type : types) values.push_back(take_value(layout_of(type), bytes));
  if (!bytes.empty()) fail_corrupted("bytes after a row");
  return values;
}

}  // namespace tailrace
