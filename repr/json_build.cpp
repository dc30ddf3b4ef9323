#include <algorithm>

#include "repr/json.hpp"

namespace tailrace {

namespace {

bool is_container(JsonKind kind) {
  return kind == JsonKind::array || kind == JsonKind::object;
}

// Adds one member to an object that is being written.
void append_member(std::string_view key, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  out += key;
  out += ':';
  out += value;
}

void append_element(std::string_view value, std::string& out) {
  if (out.back() != '[') out += ',';
  out += value;
}

// Members sorted already, each with its literal key.
std::string merge_objects(std::string_view a, std::string_view b) {
  std::vector<std::pair<std::string, std::string>> members;
  for (std::string_view json : {a, b}) {
    for (JsonReader reader(json); reader.next();) {
      members.emplace_back(reader.key_text(), std::string(reader.value()));
    }
  }
  return json_object(std::move(members));
}

void append_without_nulls(std::string_view json, std::string& out) {
  const JsonKind kind = json_kind(json);
  if (!is_container(kind)) {
    out += json;
    return;
  }
  const bool object = kind == JsonKind::object;
  out += object ? '{' : '[';
  bool first = true;
  for (JsonReader reader(json); reader.next();) {
    if (object && reader.value() == "null") continue;
    if (!first) out += ',';
    first = false;
    if (object) {
      out += reader.key();
      out += ':';
    }
    append_without_nulls(reader.value(), out);
  }
  out += object ? '}' : ']';
}

void append_pretty(std::string_view json, std::size_t indent, std::string& out) {
  const JsonKind kind = json_kind(json);
  if (!is_container(kind)) {
    out += json;
    return;
  }
  const bool object = kind == JsonKind::object;
  out += object ? '{' : '[';
  bool first = true;
  for (JsonReader reader(json); reader.next();) {
    if (!first) out += ',';
    first = false;
    out += '\n';
    out.append(indent + 4, ' ');
    if (object) {
      out += reader.key();
      out += ": ";
    }
    append_pretty(reader.value(), indent + 4, out);
  }
  out += '\n';
  out.append(indent, ' ');
  out += object ? '}' : ']';
}

}  // namespace

std::string json_concatenate(std::string_view a, std::string_view b) {
  const JsonKind kind_a = json_kind(a);
  const JsonKind kind_b = json_kind(b);
  if (kind_a == JsonKind::object && kind_b == JsonKind::object) return merge_objects(a, b);
  std::string out = "[";
  for (std::string_view json : {a, b}) {
    if (json_kind(json) == JsonKind::array) {
      for (JsonReader reader(json); reader.next();) append_element(reader.value(), out);
    } else {
      append_element(json, out);
    }
  }
  return out + ']';
}

std::string json_without_key(std::string_view json, std::string_view key) {
  std::string unwanted;
  append_json_string(key, unwanted);
  const JsonKind kind = json_kind(json);
  if (!is_container(kind)) return std::string(json);
  std::string out(1, kind == JsonKind::object ? '{' : '[');
  for (JsonReader reader(json); reader.next();) {
    if (kind == JsonKind::object) {
      if (reader.key() != unwanted) append_member(reader.key(), reader.value(), out);
    } else if (reader.value() != unwanted) {
      append_element(reader.value(), out);
    }
  }
  return out + (kind == JsonKind::object ? '}' : ']');
}

std::string json_without_element(std::string_view json, std::int64_t index) {
  if (json_kind(json) != JsonKind::array) return std::string(json);
  if (index < 0) index += static_cast<std::int64_t>(json_length(json));
  std::string out = "[";
  for (JsonReader reader(json); reader.next(); --index) {
    if (index != 0) append_element(reader.value(), out);
  }
  return out + ']';
}

std::string json_without_nulls(std::string_view json) {
  std::string out;
  append_without_nulls(json, out);
  return out;
}

std::string json_pretty(std::string_view json) {
  std::string out;
  append_pretty(json, 0, out);
  return out;
}

std::string json_of(const Numeric& number) {
  return number.is_finite() ? number.to_string() : '"' + number.to_string() + '"';
}

std::string json_array(std::span<const std::string> elements) {
  std::string out = "[";
  for (const std::string& element : elements) append_element(element, out);
  return out + ']';
}

std::string json_object(std::vector<std::pair<std::string, std::string>> members) {
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out = "{";
  std::string key;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
    key.clear();
    append_json_string(members[i].first, key);
    append_member(key, members[i].second, out);
  }
  return out + '}';
}

}  // namespace tailrace
