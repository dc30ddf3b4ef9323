#include "server/pgwire/frontend_message.hpp"

#include <fmt/format.h>

#include "repr/scalar_text.hpp"
#include "server/fatal_error.hpp"
#include "server/pgwire/byte_reader.hpp"

namespace tailrace::server {

namespace {

using namespace frontend;

std::string read_name(ByteReader& reader) {
  const std::string_view name = reader.read_string();
  check_utf8(name);
  return std::string(name);
}

std::vector<std::int16_t> read_formats(ByteReader& reader) {
  std::vector<std::int16_t> formats(reader.read_uint16());
  for (std::int16_t& format : formats) {
    format = reader.read_int16();
    if (format != 0 && format != 1) {
      throw SqlError(sqlstate::protocol_violation, fmt::format("invalid format code: {}", format));
    }
  }
  return formats;
}

Parse decode_parse(ByteReader& reader) {
  Parse parse;
  parse.statement = read_name(reader);
  parse.sql = reader.read_string();
  parse.parameter_types.resize(reader.read_uint16());
  for (Oid& oid : parse.parameter_types) oid = reader.read_uint32();
  return parse;
}

Bind decode_bind(ByteReader& reader) {
  Bind bind;
  bind.portal = read_name(reader);
  bind.statement = read_name(reader);
  bind.parameter_formats = read_formats(reader);
  const std::size_t count = reader.read_uint16();
  bind.parameters.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t size = reader.read_int32();
    if (size == -1) {
      bind.parameters.emplace_back(std::nullopt);
    } else if (size < 0) {
      throw SqlError(sqlstate::protocol_violation, fmt::format("invalid parameter size {}", size));
    } else {
      bind.parameters.emplace_back(reader.read_bytes(static_cast<std::size_t>(size)));
    }
  }
  bind.result_formats = read_formats(reader);
  if (bind.parameter_formats.size() > 1 && bind.parameter_formats.size() != count) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("bind message has {} parameter formats but {} parameters",
                               bind.parameter_formats.size(), count));
  }
  return bind;
}

ObjectKind read_object_kind(ByteReader& reader, std::string_view message) {
  const char kind = static_cast<char>(reader.read_uint8());
  if (kind != 'S' && kind != 'P') {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("invalid {} message subtype {}", message, int{kind}));
  }
  return static_cast<ObjectKind>(kind);
}

Execute decode_execute(ByteReader& reader) {
  Execute execute;
  execute.portal = read_name(reader);
  const std::int32_t rows_max = reader.read_int32();
  execute.rows_max = rows_max > 0 ? static_cast<std::size_t>(rows_max) : 0;
  return execute;
}

FrontendMessage decode(char kind, ByteReader& reader) {
  switch (kind) {
    case 'Q':
      return Query{reader.read_string()};
    case 'P':
      return decode_parse(reader);
    case 'B':
      return decode_bind(reader);
    case 'D': {
      const ObjectKind object = read_object_kind(reader, "DESCRIBE");
      return Describe{object, read_name(reader)};
    }
    case 'C': {
      const ObjectKind object = read_object_kind(reader, "CLOSE");
      return Close{object, read_name(reader)};
    }
    case 'E':
      return decode_execute(reader);
    case 'S':
      return Sync{};
    case 'H':
      return Flush{};
    case 'd':
      return CopyData{reader.read_bytes(reader.rest().size())};
    case 'c':
      return CopyDone{};
    case 'f':
      return CopyFail{reader.read_string()};
    case 'X':
      return Terminate{};
    case 'F':
      reader.read_bytes(reader.rest().size());
      return FunctionCall{};
    default:
      throw FatalError(sqlstate::protocol_violation, fmt::format("invalid frontend message type {}",
                                                                 static_cast<unsigned char>(kind)));
  }
}

}  // namespace

FrontendMessage decode_frontend_message(char kind, std::string_view payload) {
  ByteReader reader(payload);
  FrontendMessage message = decode(kind, reader);
  reader.expect_end();
  return message;
}

}  // namespace tailrace::server
