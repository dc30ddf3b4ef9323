// Reading the option lists of statements: `(HOST 'db', PORT 5432, PASSWORD SECRET pgpass)`.
//
// Throws the dialect's errors: an option given twice, of the wrong kind, or left over at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast/option.hpp"

namespace tailrace::engine {

class OptionReader {
 public:
  // `what` names the statement's kind in errors: "POSTGRES connections", "CREATE CLUSTER".
  OptionReader(const std::vector<ast::Option>& options, std::string what);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Text, also from a bare word or a number.
  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> number(std::string_view name);
  std::optional<bool> boolean(std::string_view name);  // bare: true
  std::optional<std::uint64_t> milliseconds(std::string_view name);
  std::optional<ast::ObjectName> object(std::string_view name);
  std::optional<ast::ObjectName> secret(std::string_view name);  // SECRET x
  const ast::OptionValue* value(std::string_view name);          // marks it as read

  // What was given and nobody asked for.
  void finish() const;

 private:
  const ast::Option* find(std::string_view name) const;

  const std::vector<ast::Option>& options_;
  std::string what_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace tailrace::engine
