// Session and system variables: a table of data, one entry each (reference/statements.md 14).
//
// A session's value is, first found: SET LOCAL, SET, the role's default, the system default, the built-in one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast/statement/variable_value.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

enum class VariableKind : std::uint8_t {
  boolean,
  integer,
  real,
  text,
  list,
  duration,
  bytes,
  choice,
  fixed
};
enum class VariableScope : std::uint8_t {
  session,    // any session may SET it
  system,     // ALTER SYSTEM only
  read_only,  // nobody
};

struct Variable {
  std::string_view name;  // as reported: case as PostgreSQL's clients expect
  VariableKind kind = VariableKind::text;
  VariableScope scope = VariableScope::session;
  std::string_view initial;
  std::string_view doc;
  std::vector<std::string_view> choices =
      {};                 // of choice; of fixed: what is accepted besides the value itself
  bool reported = false;  // sent as ParameterStatus
};

const std::vector<Variable>& all_variables();
// Case-insensitive. nullptr: unknown.
const Variable* find_variable(std::string_view name);

// What a system variable is set to, for everybody: ALTER SYSTEM's value, or the built-in one.
std::string system_variable(const std::map<std::string, std::string>& set, std::string_view name);

// The canonical text of a value, or SqlError as SET reports it.
std::string check_variable(const Variable& variable, const std::vector<ast::VariableValue>& values);
std::string check_variable(const Variable& variable, std::string_view text);

// Values by canonical text.
bool as_boolean(std::string_view canonical);
std::int64_t as_integer(std::string_view canonical);
std::vector<std::string> as_list(std::string_view canonical);
std::uint64_t as_milliseconds(std::string_view canonical);
std::uint64_t as_bytes(std::string_view canonical);

// "10 s", "500ms", "2 min", a bare number of milliseconds. Nothing: not a duration.
std::optional<std::uint64_t> parse_milliseconds(std::string_view text);

// What one session has set.
class SessionVariables {
 public:
  // Defaults beneath the session: role's over system's.
  void set_defaults(std::map<std::string, std::string, std::less<>> defaults) {
    defaults_ = std::move(defaults);
    ++version_;
  }

  const std::string& get(std::string_view name) const;
  // Whether it has another value than the one built in.
  bool is_set(std::string_view name) const;
  void set(const Variable& variable, std::string value, bool local);
  void reset(const Variable& variable);
  void reset_all();

  // SET inside a transaction is undone by ROLLBACK; SET LOCAL ends with it.
  void begin();
  void commit();
  void rollback();

  // Reported variables whose value changed since the last call.
  std::vector<std::pair<std::string, std::string>> take_changed();
  std::vector<std::pair<std::string, std::string>> reported() const;

  // Grows with each change of any value: what is derived from them is good for as long as it stays.
  std::uint64_t version() const { return version_; }

 private:
  void touch();
  void end_transaction();

  std::map<std::string, std::string, std::less<>> session_;
  std::map<std::string, std::string, std::less<>> local_;
  // session_ as it was before the transaction, from the first change in it.
  std::optional<std::map<std::string, std::string, std::less<>>> before_transaction_;
  std::map<std::string, std::string, std::less<>> defaults_;
  std::map<std::string, std::string> last_reported_;
  std::uint64_t version_ = 1;
  std::uint64_t reported_version_ = 0;
  bool in_transaction_ = false;
};

}  // namespace tailrace::engine
