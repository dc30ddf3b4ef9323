// Batches as bytes: self-contained and self-describing (types included), for the commit log and for
// parts.
//
// Little-endian, versioned by its first byte; format drawing in batch_codec.cpp. Decoding checks
// every length and throws SqlError XX001 (data_corrupted). No compression here: see storage/.
#pragma once

#include <string>
#include <string_view>

#include "repr/batch.hpp"

namespace tailrace {

void encode_type(const Type& type, std::string& out);
Type decode_type(std::string_view& bytes);  // consumes what it reads

void encode_column(const Column& column, std::string& out);
ColumnPtr decode_column(const Type& type, std::string_view& bytes);

void encode_batch(const Batch& batch, std::string& out);
Batch decode_batch(std::string_view& bytes);

}  // namespace tailrace
