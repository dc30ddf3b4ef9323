#include "engine/coordinator/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "engine/coordinator/variable_list.hpp"

namespace tailrace::engine {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

constexpr std::uint64_t network_limit_max = 9 * 3'600'000;
constexpr std::uint64_t upstream_limit_max = 24ull * 24 * 3'600'000;
constexpr std::uint64_t wal_sender_timeout_min = 5'000;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit time_units[] = {{"us", 0},
                               {"ms", 1},
                               {"msec", 1},
                               {"milliseconds", 1},
                               {"s", 1000},
                               {"sec", 1000},
                               {"secs", 1000},
                               {"second", 1000},
                               {"seconds", 1000},
                               {"min", 60'000},
                               {"mins", 60'000},
                               {"minute", 60'000},
                               {"minutes", 60'000},
                               {"m", 60'000},
                               {"h", 3'600'000},
                               {"hour", 3'600'000},
                               {"hours", 3'600'000},
                               {"d", 86'400'000},
                               {"day", 86'400'000},
                               {"days", 86'400'000}};
constexpr Unit size_units[] = {{"B", 1},
                               {"kB", std::uint64_t{1} << 10},
                               {"MB", std::uint64_t{1} << 20},
                               {"GB", std::uint64_t{1} << 30},
                               {"TB", std::uint64_t{1} << 40}};

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                             std::uint64_t bare_factor) {
  text = trim(text);
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc()) return std::nullopt;
  const std::string unit(trim(text.substr(static_cast<std::size_t>(end - text.data()))));
  std::uint64_t factor = bare_factor;
  if (!unit.empty()) {
    const auto found = std::find_if(units.begin(), units.end(),
                                    [&](const Unit& u) { return lower(u.name) == lower(unit); });
    if (found == units.end()) return std::nullopt;
    factor = found->factor;
  }
  if (factor == 0) return number / 1000;
  if (number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return number * factor;
}

std::string print_duration(std::uint64_t milliseconds) {
  if (milliseconds != 0 && milliseconds % 3'600'000 == 0)
    return fmt::format("{} h", milliseconds / 3'600'000);
  if (milliseconds != 0 && milliseconds % 60'000 == 0)
    return fmt::format("{} min", milliseconds / 60'000);
  if (milliseconds % 1000 == 0) return fmt::format("{} s", milliseconds / 1000);
  return fmt::format("{} ms", milliseconds);
}

std::string print_bytes(std::uint64_t bytes) {
  for (std::size_t i = std::size(size_units); i-- > 1;) {
    if (bytes != 0 && bytes % size_units[i].factor == 0) {
      return fmt::format("{}{}", bytes / size_units[i].factor, size_units[i].name);
    }
  }
  return fmt::format("{}B", bytes);
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower(trim(text));
  if (word == "on" || word == "true" || word == "t" || word == "1" || word == "yes") return true;
  if (word == "off" || word == "false" || word == "f" || word == "0" || word == "no") return false;
  return std::nullopt;
}

SqlError wrong_type(const Variable& variable, std::string_view type) {
  return SqlError(sqlstate::invalid_parameter_value,
                  fmt::format("parameter \"{}\" requires a \"{}\" value", variable.name, type));
}

std::string check_choice(const Variable& variable, std::string_view text) {
  const std::string word = lower(trim(text));
  for (const std::string_view choice : variable.choices) {
    if (lower(choice) == word) return std::string(choice);
  }
  if (variable.name == "transaction_isolation") {
    if (word == "read uncommitted" || word == "read committed" || word == "repeatable read")
      return "serializable";
  }
  if (variable.name == "client_min_messages") {
    if (word == "debug") return "debug2";
    if (word == "info") return "notice";
  }
  std::string hint = "Available values: ";
  for (const std::string_view choice : variable.choices) {
    if (choice != variable.choices.front()) hint += ", ";
    hint += choice;
  }
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid value for parameter \"{}\": \"{}\"", variable.name, text))
      .hint(hint + ".");
}

std::string check_fixed(const Variable& variable, std::string_view text) {
  const std::string word = lower(trim(text));
  if (word == lower(variable.initial)) return std::string(variable.initial);
  for (const std::string_view choice : variable.choices) {
    if (lower(choice) == word) return std::string(variable.initial);
  }
  if (variable.name == "client_encoding" || variable.name == "TimeZone") {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid value for parameter \"{}\": \"{}\"", variable.name, text));
  }
  throw SqlError(
      sqlstate::invalid_parameter_value,
      fmt::format("parameter \"{}\" can only be set to \"{}\"", variable.name, variable.initial));
}

std::string check_list(std::span<const std::string> elements) {
  std::string joined;
  for (const std::string& element : elements) {
    if (!joined.empty()) joined += ", ";
    const bool plain = !element.empty() && std::all_of(element.begin(), element.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
             (c & 0x80) != 0;
    });
    if (plain) {
      joined += element;
      continue;
    }
    joined += '"';
    for (const char c : element) joined += c == '"' ? "\"\"" : std::string(1, c);
    joined += '"';
  }
  return joined;
}

}  // namespace

const std::vector<Variable>& all_variables() {
  static const std::vector<Variable> variables = [] {
    std::vector<Variable> all = declared_variables();
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return lower(a.name) < lower(b.name); });
    return all;
  }();
  return variables;
}

const Variable* find_variable(std::string_view name) {
  const std::string wanted = lower(name);
  for (const Variable& variable : all_variables()) {
    if (variable.name.size() == wanted.size() && lower(variable.name) == wanted) return &variable;
  }
  return nullptr;
}

std::string system_variable(const std::map<std::string, std::string>& set, std::string_view name) {
  const auto found = set.find(std::string(name));
  return found != set.end() ? found->second : std::string(find_variable(name)->initial);
}

std::string check_variable(const Variable& variable, std::string_view text) {
  switch (variable.kind) {
    case VariableKind::boolean: {
      const auto value = parse_boolean(text);
      if (!value) throw wrong_type(variable, "boolean");
      return *value ? "on" : "off";
    }
    case VariableKind::integer: {
      std::int64_t number = 0;
      const std::string_view digits = trim(text);
      const auto [end, failed] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (failed != std::errc() || end != digits.data() + digits.size())
        throw wrong_type(variable, "integer");
      if (variable.name == "extra_float_digits" && (number < -15 || number > 3)) {
        throw SqlError(
            sqlstate::invalid_parameter_value,
            fmt::format("parameter \"extra_float_digits\" cannot have value \"{}\"", number))
            .hint("Give a number from -15 to 3.");
      }
      const bool counts_objects = variable.name.starts_with("max_");
      if (number < 0 && counts_objects) throw wrong_type(variable, "unsigned integer");
      if (variable.name == "pg_source_tcp_keepalives_retries" && (number < 1 || number > 127))
        throw wrong_type(variable, "number from 1 to 127");
      return std::to_string(number);
    }
    case VariableKind::real: {
      double number = 0;
      const std::string_view digits = trim(text);
      const auto [end, failed] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (failed != std::errc() || end != digits.data() + digits.size())
        throw wrong_type(variable, "float8");
      return std::string(digits);
    }
    case VariableKind::duration: {
      if (variable.initial.empty() && trim(text).empty()) return "";
      const auto milliseconds = parse_milliseconds(text);
      if (!milliseconds) throw wrong_type(variable, "duration");
      // Without a limit a connection could hang; the kernel knows no longer ones.
      const bool limits_network = variable.name.starts_with("ssh_") ||
                                  variable.name.starts_with("pg_source_connect_") ||
                                  variable.name.starts_with("pg_source_tcp_");
      if (limits_network && (*milliseconds == 0 || *milliseconds > network_limit_max))
        throw wrong_type(variable, "duration above zero and at most 9 h");
      // Upstream, whom they are told, counts in 32 bits; and it must not give us up between two of our replies.
      const bool is_told_upstream = variable.name == "pg_source_wal_sender_timeout" ||
                                    variable.name == "pg_source_snapshot_statement_timeout" ||
                                    variable.name == "pg_schema_validation_interval";
      if (is_told_upstream && *milliseconds > upstream_limit_max)
        throw wrong_type(variable, "duration of at most 24 d");
      if (variable.name == "pg_source_wal_sender_timeout" && *milliseconds != 0 &&
          *milliseconds < wal_sender_timeout_min)
        throw wrong_type(variable, "duration of at least 5 s, or 0 for none");
      if (*milliseconds == 0 && variable.name.ends_with("_interval")) {
        throw SqlError(
            sqlstate::invalid_parameter_value,
            fmt::format(
                "parameter \"{}\" cannot have value \"0ns\": only supports non-zero durations",
                variable.name));
      }
      return print_duration(*milliseconds);
    }
    case VariableKind::bytes: {
      const auto bytes = parse_with_unit(text, size_units, 1);
      if (!bytes) throw wrong_type(variable, "bytes");
      return print_bytes(*bytes);
    }
    case VariableKind::choice:
      return check_choice(variable, text);
    case VariableKind::fixed:
      return check_fixed(variable, text);
    case VariableKind::list: {
      // As it comes at start-up: names separated by commas, quoted where they need it.
      std::vector<std::string> elements = as_list(text);
      return check_list(elements);
    }
    case VariableKind::text:
      return std::string(text);
  }
  return std::string(text);
}

std::string check_variable(const Variable& variable,
                           const std::vector<ast::VariableValue>& values) {
  if (variable.kind == VariableKind::list) {
    std::vector<std::string> elements;
    for (const ast::VariableValue& value : values) {
      if (!(values.size() == 1 && value.text.empty())) elements.push_back(value.text);
    }
    return check_list(elements);
  }
  // DateStyle is the one setting of which a list is one value.
  if (variable.name == "DateStyle") {
    for (const ast::VariableValue& value : values) check_fixed(variable, value.text);
    return std::string(variable.initial);
  }
  if (values.size() != 1) {
    std::string list;
    for (const auto& value : values) list += (list.empty() ? "\"" : ",\"") + value.text + "\"";
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("parameter \"{}\" cannot have value {}: expects a single value",
                               variable.name, list));
  }
  if (values.front().is_null) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("parameter \"{}\" cannot be NULL", variable.name));
  }
  return check_variable(variable, values.front().text);
}

bool as_boolean(std::string_view canonical) {
  return canonical == "on";
}

std::int64_t as_integer(std::string_view canonical) {
  std::int64_t number = 0;
  std::from_chars(canonical.data(), canonical.data() + canonical.size(), number);
  return number;
}

std::vector<std::string> as_list(std::string_view text) {
  std::vector<std::string> elements;
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (text[at] == ' ' || text[at] == ',')) ++at;
    if (at == text.size()) break;
    std::string element;
    if (text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"') {
          if (at + 1 < text.size() && text[at + 1] == '"') {
            ++at;
          } else {
            break;
          }
        }
        element += text[at];
      }
      ++at;
    } else {
      const std::size_t end = std::min(text.find(',', at), text.size());
      element = lower(trim(text.substr(at, end - at)));
      at = end;
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

std::optional<std::uint64_t> parse_milliseconds(std::string_view text) {
  return parse_with_unit(text, time_units, 1);
}
std::uint64_t as_milliseconds(std::string_view canonical) {
  return parse_milliseconds(canonical).value_or(0);
}
std::uint64_t as_bytes(std::string_view canonical) {
  return parse_with_unit(canonical, size_units, 1).value_or(0);
}

bool SessionVariables::is_set(std::string_view name) const {
  return local_.contains(name) || session_.contains(name) || defaults_.contains(name);
}

const std::string& SessionVariables::get(std::string_view name) const {
  if (const auto found = local_.find(name); found != local_.end()) return found->second;
  if (const auto found = session_.find(name); found != session_.end()) return found->second;
  if (const auto found = defaults_.find(name); found != defaults_.end()) return found->second;
  // Kept per process: the table's texts never change.
  static const std::unordered_map<std::string_view, std::string> initial = [] {
    std::unordered_map<std::string_view, std::string> values;
    for (const Variable& each : all_variables()) values[each.name] = std::string(each.initial);
    return values;
  }();
  const auto found = initial.find(name);
  ensure(found != initial.end(), "settings that code asks for are declared, by this name");
  return found->second;
}

void SessionVariables::set(const Variable& variable, std::string value, bool local) {
  touch();
  (local ? local_ : session_)[std::string(variable.name)] = std::move(value);
  if (!local) local_.erase(std::string(variable.name));
}

void SessionVariables::reset(const Variable& variable) {
  touch();
  local_.erase(std::string(variable.name));
  session_.erase(std::string(variable.name));
}

void SessionVariables::reset_all() {
  touch();
  local_.clear();
  session_.clear();
}

void SessionVariables::touch() {
  ++version_;
  if (in_transaction_ && !before_transaction_) before_transaction_ = session_;
}

void SessionVariables::begin() {
  in_transaction_ = true;
}
void SessionVariables::commit() {
  end_transaction();
}
void SessionVariables::rollback() {
  if (before_transaction_) session_ = std::move(*before_transaction_);
  end_transaction();
}

void SessionVariables::end_transaction() {
  in_transaction_ = false;
  if (!before_transaction_) return;
  ++version_;
  before_transaction_.reset();
  local_.clear();
}

std::vector<std::pair<std::string, std::string>> SessionVariables::reported() const {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Variable& variable : all_variables()) {
    if (variable.reported) values.emplace_back(variable.name, get(variable.name));
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> SessionVariables::take_changed() {
  std::vector<std::pair<std::string, std::string>> changed;
  if (version_ == reported_version_) return changed;
  reported_version_ = version_;
  for (auto& [name, value] : reported()) {
    std::string& last = last_reported_[name];
    if (last == value) continue;
    last = value;
    changed.emplace_back(name, value);
  }
  return changed;
}

}  // namespace tailrace::engine
