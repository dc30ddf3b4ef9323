// The messages a client sends once it is let in: bytes in, values out.
//
// Texts and values are views into the payload. Throws 08P01 for a payload that is not what its kind
// says, 22021 for names that are not UTF-8, and a FatalError for a kind that does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "repr/type.hpp"

namespace tailrace::server {

namespace frontend {

struct Query {
  std::string_view sql;
};
struct Parse {
  std::string statement;
  std::string_view sql;
  std::vector<Oid> parameter_types;  // 0: the statement's context decides
};
struct Bind {
  std::string portal;
  std::string statement;
  std::vector<std::int16_t> parameter_formats;
  std::vector<std::optional<std::string_view>> parameters;  // nothing: NULL
  std::vector<std::int16_t> result_formats;
};
enum class ObjectKind : char { statement = 'S', portal = 'P' };
struct Describe {
  ObjectKind kind;
  std::string name;
};
struct Close {
  ObjectKind kind;
  std::string name;
};
struct Execute {
  std::string portal;
  std::size_t rows_max = 0;  // 0: all
};
struct Sync {};
struct Flush {};
struct CopyData {
  std::string_view bytes;
};
struct CopyDone {};
struct CopyFail {
  std::string_view message;
};
struct FunctionCall {};
struct Terminate {};

}  // namespace frontend

using FrontendMessage =
    std::variant<frontend::Query, frontend::Parse, frontend::Bind, frontend::Describe,
                 frontend::Close, frontend::Execute, frontend::Sync, frontend::Flush,
                 frontend::CopyData, frontend::CopyDone, frontend::CopyFail, frontend::FunctionCall,
                 frontend::Terminate>;

FrontendMessage decode_frontend_message(char kind, std::string_view payload);

}  // namespace tailrace::server
