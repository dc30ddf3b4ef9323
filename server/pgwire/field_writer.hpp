// The values of one result column, in the format that was asked for.
#pragma once

#include <string>

#include "repr/binary_format.hpp"
#include "repr/text_format.hpp"

namespace tailrace::server {

class FieldWriter {
 public:
  static FieldWriter text(const Type& type, int extra_float_digits);
  // Throws 42883 if the type has no binary format.
  static FieldWriter binary(const Type& type);

  // The bytes of a value that is not null.
  void append(const Column& column, std::size_t row, std::string& out) const {
    if (binary_ != nullptr) {
      binary_(column, row, out);
    } else {
      text_(column, row, options_, out);
    }
  }
  // Length word and bytes; the length -1 for NULL.
  void append_sized(const Column& column, std::size_t row, std::string& out) const;

 private:
  TextWriter text_ = nullptr;
  BinaryWriter binary_ = nullptr;
  TextOptions options_;
};

}  // namespace tailrace::server
