// Identifiers, names of objects, types.
#include "grammar/printer/writer.hpp"
#include "grammar/reserved_words.hpp"
#include "grammar/type_alias.hpp"

namespace tailrace::grammar {

namespace {

bool is_plain(std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const unsigned char c = word[i];
    const bool letter = (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
    const bool later = (c >= '0' && c <= '9') || c == '$';
    if (!letter && !(i > 0 && later)) return false;
  }
  // A no-break space and a byte order mark are blanks to the lexer.
  return word.find("\xC2\xA0") == word.npos && word.find("\xEF\xBB\xBF") == word.npos;
}

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out += quote;
}

}  // namespace

std::string quoted_identifier(std::string_view identifier) {
  if (is_plain(identifier) && !is_reserved_word(identifier)) return std::string(identifier);
  return in_quotes(identifier, '"');
}

std::string quoted_literal(std::string_view text) {
  return in_quotes(text, '\'');
}

namespace printer {

namespace {

void write_parts(Writer& w, const std::vector<ast::Ident>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) w << ".";
    write(w, parts[i]);
  }
}

void write_named_type(Writer& w, const ast::NamedType& type) {
  const std::string& word = type.name.last();
  const bool alone = type.name.parts.size() == 1 && type.name.id.empty();
  if (alone && !type_alias(word).empty())
    w << in_quotes(word, '"');
  else if (alone && word == "interval")
    w << word;
  else
    write(w, type.name);
  if (type.modifiers.empty()) return;
  for (std::size_t i = 0; i < type.modifiers.size(); ++i)
    w << (i ? ", " : "(") << std::to_string(type.modifiers[i]);
  w << ")";
}

// Some words with special syntax read as plain calls too, if the call has nothing but arguments.
bool reads_as_call(const ast::FunctionCall& call) {
  if (call.star || call.distinct || !call.order_by.empty() || call.filter || call.ignore_nulls ||
      call.over)
    return false;
  const std::string& word = call.name.last();
  if (word == "normalize") return call.arguments.size() == 2;
  return (word == "extract" || word == "position" || word == "substring") &&
         !call.arguments.empty();
}

}  // namespace

void write(Writer& w, const ast::Ident& ident) {
  w << quoted_identifier(ident.value);
}

void write(Writer& w, const ast::ObjectName& name) {
  if (name.id.empty() || w.options.without_ids) return write_parts(w, name.parts);
  w << "[" << name.id << " AS ";
  write_parts(w, name.parts);
  if (name.version) w << " VERSION " << *name.version;
  w << "]";
}

void write(Writer& w, const ast::ClusterName& name) {
  if (name.is_id)
    w << "[" << name.value << "]";
  else
    w << quoted_identifier(name.value);
}

void write(Writer& w, const ast::TypeName& type) {
  if (auto* named = std::get_if<ast::NamedType>(&type.node)) return write_named_type(w, *named);
  if (auto* array = std::get_if<ast::ArrayType>(&type.node)) {
    write(w, *array->element);
    w << "[]";
  } else if (auto* list = std::get_if<ast::ListType>(&type.node)) {
    write(w, *list->element);
    w << " list";
  } else {
    auto& map = std::get<ast::MapType>(type.node);
    w << "map[";
    write(w, *map.key);
    w << " => ";
    write(w, *map.value);
    w << "]";
  }
}

void write_function_name(Writer& w, const ast::FunctionCall& call) {
  const std::string& word = call.name.last();
  if (call.name.parts.size() > 1)
    write(w, call.name);
  else if (is_call_word(word))
    w << (reads_as_call(call) ? word : in_quotes(word, '"'));
  else if (word == "left" || word == "right")  // join words, and common functions
    w << word;
  else
    write(w, call.name);
}

void write_columns(Writer& w, const std::vector<ast::Ident>& columns) {
  if (columns.empty()) return;
  w << " ";
  write_parenthesized(w, columns);
}

}  // namespace printer

}  // namespace tailrace::grammar
