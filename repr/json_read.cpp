#include <algorithm>
#include <charconv>

#include "repr/error.hpp"
#include "repr/json.hpp"

namespace tailrace {

namespace {

// The length of the string literal at the front, quotes included.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

// The length of the value at the front of what follows a bracket, a comma or a colon.
std::size_t value_length(std::string_view text) {
  switch (text.front()) {
    case '"':
      return string_length(text);
    case '[':
    case '{': {
      std::size_t at = 0;
      int depth = 0;
      for (;;) {
        switch (text[at]) {
          case '"':
            at += string_length(text.substr(at));
            continue;
          case '[':
          case '{':
            ++depth;
            break;
          case ']':
          case '}':
            if (--depth == 0) return at + 1;
            break;
          default:
            break;
        }
        ++at;
      }
    }
    default:
      return std::min(text.find_first_of(",]}"), text.size());
  }
}

unsigned hex4(std::string_view text) {
  unsigned code = 0;
  std::from_chars(text.data(), text.data() + 4, code, 16);
  return code;
}

}  // namespace

JsonKind json_kind(std::string_view json) {
  switch (json.front()) {
    case 'n':
      return JsonKind::null;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case '"':
      return JsonKind::string;
    case '[':
      return JsonKind::array;
    case '{':
      return JsonKind::object;
    default:
      return JsonKind::number;
  }
}

const char* json_kind_name(JsonKind kind) {
  constexpr const char* names[] = {"null", "boolean", "number", "string", "array", "object"};
  return names[static_cast<std::size_t>(kind)];
}

bool json_boolean(std::string_view json) {
  return json == "true";
}

Numeric json_number(std::string_view json) {
  return Numeric::parse(json);
}

std::string json_string(std::string_view json) {
  const std::string_view quoted = json.substr(1, json.size() - 2);
  std::size_t escape = quoted.find('\\');
  if (escape == std::string_view::npos) return std::string(quoted);
  std::string text;
  text.reserve(quoted.size());
  std::size_t from = 0;
  while (escape != std::string_view::npos) {
    text.append(quoted, from, escape - from);
    const char c = quoted[escape + 1];
    from = escape + 2;
    switch (c) {
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u':  // canonical text has only control characters in this form
        text += static_cast<char>(hex4(quoted.substr(from, 4)));
        from += 4;
        break;
      default:
        text += c;
    }
    escape = quoted.find('\\', from);
  }
  text.append(quoted, from);
  return text;
}

JsonReader::JsonReader(std::string_view json) {
  const char first = json.front();
  if (first == '[' || first == '{') {
    object_ = first == '{';
    rest_ = json.substr(1, json.size() - 2);
  }
}

bool JsonReader::next() {
  if (rest_.empty()) return false;
  if (object_) {
    key_ = rest_.substr(0, string_length(rest_));
    rest_.remove_prefix(key_.size() + 1);
  }
  value_ = rest_.substr(0, value_length(rest_));
  rest_.remove_prefix(std::min(value_.size() + 1, rest_.size()));
  return true;
}

std::size_t json_length(std::string_view json) {
  std::size_t count = 0;
  for (JsonReader reader(json); reader.next();) ++count;
  return count;
}

std::optional<std::string_view> json_field(std::string_view json, std::string_view key) {
  if (json_kind(json) != JsonKind::object) return std::nullopt;
  std::string wanted;
  append_json_string(key, wanted);
  for (JsonReader reader(json); reader.next();) {
    if (reader.key() == wanted) return reader.value();
  }
  return std::nullopt;
}

std::optional<std::string_view> json_element(std::string_view json, std::int64_t index) {
  if (json_kind(json) != JsonKind::array) return std::nullopt;
  if (index < 0) {
    index += static_cast<std::int64_t>(json_length(json));
    if (index < 0) return std::nullopt;
  }
  for (JsonReader reader(json); reader.next(); --index) {
    if (index == 0) return reader.value();
  }
  return std::nullopt;
}

std::optional<std::string_view> json_path(std::string_view json,
                                          std::span<const std::string> path) {
  std::optional<std::string_view> at = json;
  for (const std::string& step : path) {
    if (json_kind(*at) == JsonKind::array) {
      std::int64_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (error != std::errc() || end != step.data() + step.size()) return std::nullopt;
      at = json_element(*at, index);
    } else {
      at = json_field(*at, step);
    }
    if (!at) return std::nullopt;
  }
  return at;
}

std::optional<std::string> json_as_text(std::string_view json) {
  switch (json_kind(json)) {
    case JsonKind::null:
      return std::nullopt;
    case JsonKind::string:
      return json_string(json);
    default:
      return std::string(json);
  }
}

// As PostgreSQL: objects contain objects with fewer members, arrays contain arrays in any order
// and, at the top, a single primitive value.
bool json_contains(std::string_view json, std::string_view part) {
  struct Inner {
    static bool contains(std::string_view whole, std::string_view wanted) {
      const JsonKind kind = json_kind(whole);
      if (kind != json_kind(wanted)) return false;
      if (kind == JsonKind::object) {
        for (JsonReader reader(wanted); reader.next();) {
          bool found = false;
          for (JsonReader members(whole); members.next() && !found;) {
            if (members.key() == reader.key()) {
              if (!contains(members.value(), reader.value())) return false;
              found = true;
            }
          }
          if (!found) return false;
        }
        return true;
      }
      if (kind == JsonKind::array) {
        for (JsonReader reader(wanted); reader.next();) {
          bool found = false;
          for (JsonReader elements(whole); elements.next() && !found;) {
            found = contains(elements.value(), reader.value());
          }
          if (!found) return false;
        }
        return true;
      }
      return whole == wanted;
    }
  };
  const JsonKind kind = json_kind(part);
  if (json_kind(json) == JsonKind::array && kind != JsonKind::array && kind != JsonKind::object) {
    for (JsonReader elements(json); elements.next();) {
      if (elements.value() == part) return true;
    }
    return false;
  }
  return Inner::contains(json, part);
}

bool json_has_key(std::string_view json, std::string_view key) {
  std::string wanted;
  append_json_string(key, wanted);
  if (json_kind(json) == JsonKind::string) return json == wanted;
  const bool object = json_kind(json) == JsonKind::object;
  for (JsonReader reader(json); reader.next();) {
    if ((object ? reader.key() : reader.value()) == wanted) return true;
  }
  return false;
}

}  // namespace tailrace
