// jsonb as it lies in columns: canonical text.
//
// Canonical: no blanks; object keys unique and sorted by their bytes; numbers as `numeric` prints
// them; strings escaped only where JSON demands it. Equal values are equal bytes, and every part of
// a value is itself canonical: reading gives slices of the text, without copies.
//
// Only `canonical_json` checks its input. The others take canonical text, as columns hold it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repr/numeric.hpp"

namespace tailrace {

// The deepest nesting that is read.
inline constexpr int json_depth_max = 1000;

std::string canonical_json(std::string_view text);  // throws 22P02
void append_canonical_json(std::string_view text, std::string& out);

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };
JsonKind json_kind(std::string_view json);
const char* json_kind_name(JsonKind kind);  // as jsonb_typeof: "null", "boolean", "number", ...

bool json_boolean(std::string_view json);        // of a boolean
Numeric json_number(std::string_view json);      // of a number
std::string json_string(std::string_view json);  // of a string: the text it stands for

// The parts of an array or object, in order:
//   for (JsonReader reader(json); reader.next();) use(reader.key(), reader.value());
class JsonReader {
 public:
  explicit JsonReader(std::string_view json);  // of another kind: no parts
  bool next();
  std::string_view value() const { return value_; }
  std::string_view key() const { return key_; }  // of objects: a JSON string, with its quotes
  std::string key_text() const { return json_string(key_); }

 private:
  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
  bool object_ = false;
};

std::size_t json_length(std::string_view json);  // elements or members
std::optional<std::string_view> json_field(std::string_view json, std::string_view key);
std::optional<std::string_view> json_element(std::string_view json,
                                             std::int64_t index);  // negative: from the end
// As #>: each step is a key, or an index where it meets an array.
std::optional<std::string_view> json_path(std::string_view json, std::span<const std::string> path);
// As ->> and #>>: strings without quotes, null as nothing.
std::optional<std::string> json_as_text(std::string_view json);

bool json_contains(std::string_view json, std::string_view part);  // @>
bool json_has_key(std::string_view json,
                  std::string_view key);  // ?: a key, an element, or the string itself
std::string json_concatenate(std::string_view a, std::string_view b);         // ||
std::string json_without_key(std::string_view json, std::string_view key);    // - text
std::string json_without_element(std::string_view json, std::int64_t index);  // - int
std::string json_without_nulls(std::string_view json);                        // jsonb_strip_nulls
std::string json_pretty(std::string_view json);                               // jsonb_pretty

void append_json_string(std::string_view text, std::string& out);  // with its quotes
std::string json_of(const Numeric& number);                        // NaN and infinities as strings
std::string json_array(std::span<const std::string> elements);
// Later members win over earlier ones of the same key.
std::string json_object(std::vector<std::pair<std::string, std::string>> members);

}  // namespace tailrace
