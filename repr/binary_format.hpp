// PostgreSQL's binary format of every type that has one, both ways (typsend / typreceive).
//
// Big-endian; the length word is the caller's. Input checks every length and throws SqlError 22P03.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "repr/column.hpp"

namespace tailrace {

using BinaryWriter = void (*)(const Column& column, std::size_t row, std::string& out);
// nullptr: the type has no binary output (reference/wire-protocols.md 1.6).
BinaryWriter binary_writer(const Type& type);

// Type modifiers are not applied: what comes in binary has been coerced by its sender, or is by the
// reader's caller.
using BinaryReader = void (*)(std::string_view bytes, ColumnBuilder& out);
// nullptr: no binary input.
BinaryReader binary_reader(const Type& type);
// Into jsonb from PostgreSQL's `json`, whose binary form is its text. (In arrays `binary_reader`
// tells them apart.)
BinaryReader json_binary_reader();

}  // namespace tailrace
