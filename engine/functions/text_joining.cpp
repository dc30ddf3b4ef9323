// Texts put together: concat, ||, and quoting as SQL does it.
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

constexpr std::size_t bytes_max = 100 << 20;

void check_size(std::size_t bytes) {
  if (bytes > bytes_max)
    throw SqlError(sqlstate::program_limit_exceeded, "requested length too large");
}

// The text of any value, as concat shows it (booleans t and f).
void append_any(const Operand& operand, std::size_t row, std::string& out) {
  text_writer(operand.type())(*operand.column, operand.at(row), {.flavour = TextFlavour::wire},
                              out);
}

void concat_kernel(KernelCall& call) {
  std::string joined;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    joined.clear();
    for (const Operand& operand : call.operands()) {
      if (!operand.is_null(row)) append_any(operand, row, joined);
      check_size(joined.size());
    }
    out.append_bytes(joined);
  });
}

void concat_ws_kernel(KernelCall& call) {
  std::string joined;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call[0].is_null(row)) {
      out.append_null();
      return;
    }
    joined.clear();
    bool first = true;
    for (const Operand& operand : call.operands().subspan(1)) {
      if (operand.is_null(row)) continue;
      if (!first) joined += call[0].bytes(row);
      first = false;
      append_any(operand, row, joined);
      check_size(joined.size());
    }
    out.append_bytes(joined);
  });
}

void join_any_kernel(KernelCall& call) {
  const TextOptions options{.flavour = TextFlavour::cast};
  const TextWriter writers[] = {text_writer(call[0].type()), text_writer(call[1].type())};
  std::string joined;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    joined.clear();
    for (std::size_t i = 0; i < 2; ++i)
      writers[i](*call[i].column, call[i].at(row), options, joined);
    out.append_bytes(joined);
  });
}

// An identifier as SQL must write it.
void quote_identifier(Text name, std::string& out) {
  const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == Text::npos;
  if (plain) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::vector<Function> text_joining_functions() {
  std::vector<Function> out;
  out.push_back(variadic(never_null(
      handling_nulls(function_entry("concat", {Kind::any}, TypeId::text,
                                    "The texts of all that are not NULL, one after the other.",
                                    "concat('a', NULL, 1) = 'a1'", concat_kernel)))));
  out.push_back(variadic(handling_nulls(
      function_entry("concat_ws", {TypeId::text, Kind::any}, TypeId::text,
                     "The texts of all that are not NULL, with the first between them.",
                     "concat_ws(',', 'a', NULL, 1) = 'a,1'", concat_ws_kernel))));
  out.push_back(infallible(
      operator_entry("||", {TypeId::text, TypeId::text}, TypeId::text, "One text after the other.",
                     "'a' || 'b' = 'ab'", [](KernelCall& call) {
                       write<Text, Text>(call, [](Text a, Text b, std::string& to) {
                         to += a;
                         to += b;
                       });
                     })));
  out.push_back(infallible(operator_entry("||", {TypeId::text, Kind::anynonarray}, TypeId::text,
                                          "The text, then that of the value.", "'a' || 1 = 'a1'",
                                          join_any_kernel)));
  out.push_back(infallible(operator_entry("||", {Kind::anynonarray, TypeId::text}, TypeId::text,
                                          "The text of the value, then the text.",
                                          "1 || 'a' = '1a'", join_any_kernel)));
  out.push_back(
      infallible(function_entry("quote_ident", {TypeId::text}, TypeId::text,
                                "The name as SQL must write it.", "quote_ident('a B') = '\"a B\"'",
                                [](KernelCall& call) { write<Text>(call, quote_identifier); })));
  out.push_back(infallible(function_entry("quote_literal", {TypeId::text}, TypeId::text,
                                          "The text as an SQL literal.",
                                          "quote_literal('a') = '''a'''", [](KernelCall& call) {
                                            write<Text>(call, [](Text text, std::string& to) {
                                              if (text.find('\\') != Text::npos) to += " E";
                                              to += '\'';
                                              for (const char c : text) {
                                                if (c == '\'' || c == '\\') to += c;
                                                to += c;
                                              }
                                              to += '\'';
                                            });
                                          })));
  return out;
}

}  // namespace tailrace::engine
