#include "server/pgwire/field_writer.hpp"

#include <fmt/format.h>

#include <cstring>

#include "repr/error.hpp"

namespace tailrace::server {

FieldWriter FieldWriter::text(const Type& type, int extra_float_digits) {
  FieldWriter writer;
  writer.text_ = text_writer(type);
  writer.options_ = {.flavour = TextFlavour::wire, .extra_float_digits = extra_float_digits};
  return writer;
}

FieldWriter FieldWriter::binary(const Type& type) {
  FieldWriter writer;
  writer.binary_ = binary_writer(type);
  if (writer.binary_ == nullptr) {
    throw SqlError(sqlstate::undefined_function,
                   fmt::format("no binary output function available for type {}", type.name()));
  }
  return writer;
}

void FieldWriter::append_sized(const Column& column, std::size_t row, std::string& out) const {
  const std::size_t start = out.size();
  out.append(4, '\xff');
  if (column.is_null(row)) return;
  append(column, row, out);
  const std::uint32_t length =
      __builtin_bswap32(static_cast<std::uint32_t>(out.size() - start - 4));
  std::memcpy(out.data() + start, &length, sizeof length);
}

}  // namespace tailrace::server
