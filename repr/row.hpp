// One row alone as compact owned bytes: where a row outlives its batch (keys in maps, resume
// tokens, meta records).
//
// The bytes are canonical by identity: equal rows of one schema are equal bytes. No order is
// promised.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "repr/batch.hpp"

namespace tailrace {

struct Row {
  std::string bytes;
  friend bool operator==(const Row&, const Row&) = default;
};

void encode_row(const Batch& batch, std::size_t row, std::span<const int> columns,
                std::string& out);
Row encode_row(std::span<const Type> types, std::span<const Value> values);
// Appends the values to the first columns of the builder; the caller ends the row.
void decode_row(std::string_view bytes, std::span<const Type> types, BatchBuilder& out);
std::vector<Value> decode_row(std::string_view bytes, std::span<const Type> types);

}  // namespace tailrace
