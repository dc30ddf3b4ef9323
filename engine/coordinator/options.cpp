#include "engine/coordinator/options.hpp"

#include <fmt/format.h>

#include <charconv>

#include "engine/coordinator/variables.hpp"
#include "grammar/printer.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

SqlError invalid(const ast::Option& option, std::string_view why) {
  return SqlError(sqlstate::invalid_parameter_value,
                  fmt::format("invalid {}: {}", option.name, why))
      .position(option.position);
}

std::string words(const ast::ObjectName& name) {
  std::string text;
  for (const auto& part : name.parts) text += (text.empty() ? "" : ".") + part.value;
  return text;
}

std::optional<std::string> as_text(const ast::OptionValue& value) {
  if (const auto* text = std::get_if<ast::StringLiteral>(&value.node)) return text->value;
  if (const auto* number = std::get_if<ast::NumberLiteral>(&value.node)) return number->text;
  if (const auto* name = std::get_if<ast::ObjectName>(&value.node)) return words(*name);
  if (const auto* boolean = std::get_if<ast::BooleanLiteral>(&value.node))
    return boolean->value ? "true" : "false";
  return std::nullopt;
}

}  // namespace

OptionReader::OptionReader(const std::vector<ast::Option>& options, std::string what)
    : options_(options), what_(std::move(what)) {
  std::set<std::string_view> seen;
  for (const ast::Option& option : options) {
    if (!seen.insert(option.name).second) {
      throw SqlError(sqlstate::syntax_error,
                     fmt::format("{} specified more than once", option.name))
          .position(option.position);
    }
  }
}

const ast::Option* OptionReader::find(std::string_view name) const {
  for (const ast::Option& option : options_) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

const ast::OptionValue* OptionReader::value(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return nullptr;
  read_.insert(std::string(name));
  return option->value ? &*option->value : nullptr;
}

std::optional<std::string> OptionReader::text(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return std::nullopt;
  const ast::OptionValue* given = value(name);
  if (given != nullptr) {
    if (auto text = as_text(*given)) return text;
    if (std::holds_alternative<ast::SecretReference>(given->node))
      throw invalid(*option, "must provide a text value");
  }
  throw invalid(*option, "expected a text value");
}

std::optional<std::int64_t> OptionReader::number(std::string_view name) {
  const auto digits = text(name);
  if (!digits) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failed] =
      std::from_chars(digits->data(), digits->data() + digits->size(), number);
  if (failed != std::errc() || end != digits->data() + digits->size()) {
    throw invalid(*find(name), fmt::format("cannot use value as number: '{}'", *digits));
  }
  return number;
}

std::optional<bool> OptionReader::boolean(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return std::nullopt;
  if (value(name) == nullptr) return true;
  const std::string word = text(name).value();
  if (word == "true" || word == "on" || word == "1") return true;
  if (word == "false" || word == "off" || word == "0") return false;
  throw invalid(*option, fmt::format("cannot use value as boolean: '{}'", word));
}

std::optional<std::uint64_t> OptionReader::milliseconds(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return std::nullopt;
  const ast::OptionValue* given = value(name);
  if (given != nullptr) {
    if (const auto* retain = std::get_if<ast::RetainFor>(&given->node)) given = &*retain->duration;
    std::optional<std::string> text = as_text(*given);
    if (const auto* interval = std::get_if<ast::IntervalLiteral>(&given->node))
      text = interval->text;
    if (text) {
      if (const auto milliseconds = parse_milliseconds(*text)) return milliseconds;
      // Any interval without months: '1 day 02:00:00'.
      const auto interval = std::get<Interval>(from_text(TypeId::interval, *text));
      if (interval.months == 0 && interval.days >= 0 && interval.microseconds >= 0) {
        return static_cast<std::uint64_t>(interval.days) * 86'400'000 +
               static_cast<std::uint64_t>(interval.microseconds) / 1000;
      }
    }
  }
  throw invalid(*option, "expected a duration that is not negative, such as '1s'");
}

std::optional<ast::ObjectName> OptionReader::object(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return std::nullopt;
  const ast::OptionValue* given = value(name);
  if (given != nullptr) {
    if (const auto* object = std::get_if<ast::ObjectName>(&given->node)) return *object;
  }
  throw invalid(*option, "expected the name of an object");
}

std::optional<ast::ObjectName> OptionReader::secret(std::string_view name) {
  const ast::Option* option = find(name);
  if (option == nullptr) return std::nullopt;
  const ast::OptionValue* given = value(name);
  if (given != nullptr) {
    if (const auto* secret = std::get_if<ast::SecretReference>(&given->node)) return secret->name;
  }
  throw invalid(*option, "must provide a secret value");
}

void OptionReader::finish() const {
  std::string left;
  std::uint32_t position = 0;
  for (const ast::Option& option : options_) {
    if (read_.contains(option.name)) continue;
    if (position == 0) position = option.position;
    left += (left.empty() ? "" : ", ") + option.name;
  }
  if (left.empty()) return;
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("{} do not support {} values", what_, left))
      .position(position);
}

}  // namespace tailrace::engine
