// The body of POST /api/sql: one text of statements, or a list of single ones with parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tailrace::server {

struct SimpleRequest {
  std::string query;
};
struct ExtendedRequest {
  struct Statement {
    std::string query;
    std::vector<std::optional<std::string>> parameters;  // text; nothing: NULL
  };
  std::vector<Statement> statements;
};
using SqlRequest = std::variant<SimpleRequest, ExtendedRequest>;

// Throws SqlError 22023 with what is wrong.
SqlRequest parse_sql_request(std::string_view body);
// `{"name": "value", ...}`, the settings of a session. Throws as above.
std::vector<std::pair<std::string, std::string>> parse_settings(std::string_view json);

}  // namespace tailrace::server
