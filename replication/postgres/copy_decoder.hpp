// The binary format of COPY, row by row.
#pragma once

#include <string_view>
#include <vector>

#include "replication/postgres/row_buffer.hpp"

namespace tailrace::replication {

class CopyDecoder {
 public:
  // The form in which each column comes (a text column's bytes are its text, in binary COPY too).
  explicit CopyDecoder(std::vector<FieldValue::Form> forms);

  // Appends the rows of one CopyData message. Throws 08P01.
  void decode(std::string_view message, RowBuffer& out);
  std::uint64_t rows() const { return rows_; }

 private:
  std::vector<FieldValue::Form> forms_;
  std::vector<FieldValue> fields_;
  bool header_seen_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace tailrace::replication
