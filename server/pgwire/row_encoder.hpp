// Rows of a result as bytes on the wire: DataRow messages, or COPY's data in its three formats.
//
// The writer of each column is resolved once; rows go straight into the output buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/coordinator/session.hpp"
#include "repr/batch.hpp"

namespace tailrace::server {

class RowEncoder {
 public:
  virtual ~RowEncoder() = default;
  // Before the first row, and after the last one.
  virtual void append_start(std::string&) {}
  virtual void append_end(std::string&) {}
  // Appends the rows from `first` on until `out` has `bytes_max` bytes. Returns the row after the
  // last one appended.
  virtual std::size_t append_rows(const Batch& batch, std::size_t first, std::size_t bytes_max,
                                  std::string& out) = 0;
};

// `formats` as Bind gave them. Throws 42883 for a type without binary format, 08P01 for a wrong
// count.
std::unique_ptr<RowEncoder> data_row_encoder(const Schema& schema,
                                             std::span<const std::int16_t> formats,
                                             int extra_float_digits);
std::unique_ptr<RowEncoder> copy_encoder(const Schema& schema, const engine::CopyOptions& options,
                                         int extra_float_digits);

}  // namespace tailrace::server
