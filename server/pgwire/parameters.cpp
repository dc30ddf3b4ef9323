#include "server/pgwire/parameters.hpp"

#include <fmt/format.h>

#include "repr/binary_format.hpp"
#include "repr/scalar_text.hpp"
#include "repr/text_format.hpp"

namespace tailrace::server {

namespace {

SqlError undecodable(const SqlError& why) {
  if (why.state() == sqlstate::character_not_in_repertoire) return why;
  return SqlError(sqlstate::invalid_parameter_value,
                  "unable to decode parameter: " + why.message());
}

Value decode_text(const Type& type, std::string_view text) {
  check_utf8(text);
  return from_text(type, text);
}

Value decode_binary(const Type& type, std::string_view bytes) {
  const BinaryReader read = binary_reader(type);
  if (read == nullptr) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("no binary input function available for type {}", type.name()));
  }
  ColumnBuilder builder(type);
  read(bytes, builder);
  return builder.finish()->value(0);
}

}  // namespace

std::vector<Value> decode_parameters(const frontend::Bind& bind, const std::vector<Type>& types) {
  if (bind.parameters.size() != types.size()) {
    throw SqlError(
        sqlstate::protocol_violation,
        fmt::format(
            "bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
            bind.parameters.size(), bind.statement, types.size()));
  }
  std::vector<Value> values;
  values.reserve(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto& formats = bind.parameter_formats;
    const bool binary = !formats.empty() && formats[formats.size() == 1 ? 0 : i] == 1;
    if (!bind.parameters[i]) {
      values.emplace_back(Null{});
      continue;
    }
    try {
      values.push_back(binary ? decode_binary(types[i], *bind.parameters[i])
                              : decode_text(types[i], *bind.parameters[i]));
    } catch (const SqlError& error) {
      throw undecodable(error);
    }
  }
  return values;
}

}  // namespace tailrace::server
