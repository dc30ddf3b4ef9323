// Transactions, cursors, prepared statements, variables.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write_modes(Writer& w, const std::vector<ast::TransactionMode>& modes) {
  constexpr std::string_view words[] = {"ISOLATION LEVEL READ UNCOMMITTED",
                                        "ISOLATION LEVEL READ COMMITTED",
                                        "ISOLATION LEVEL REPEATABLE READ",
                                        "ISOLATION LEVEL SERIALIZABLE",
                                        "ISOLATION LEVEL STRICT SERIALIZABLE",
                                        "ISOLATION LEVEL STRONG SESSION SERIALIZABLE",
                                        "READ ONLY",
                                        "READ WRITE"};
  for (std::size_t i = 0; i < modes.size(); ++i)
    w << (i > 0 ? ", " : " ") << words[static_cast<int>(modes[i])];
}

// Words and numbers as they are, everything else in quotes.
void write(Writer& w, const ast::VariableValue& value) {
  if (value.is_null)
    w << "NULL";
  else if (value.is_quoted)
    w.literal(quoted_literal(value.text));
  else
    w << value.text;
}

}  // namespace

void write(Writer& w, const ast::VariableValues& values) {
  auto* list = std::get_if<std::vector<ast::VariableValue>>(&values);
  if (!list) {
    w << "DEFAULT";
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (i > 0) w << ", ";
    write(w, (*list)[i]);
  }
}

void write(Writer& w, const ast::Begin& s) {
  w << "BEGIN";
  write_modes(w, s.modes);
}

void write(Writer& w, const ast::Commit& s) {
  w << "COMMIT" << (s.and_chain ? " AND CHAIN" : "");
}

void write(Writer& w, const ast::Rollback& s) {
  w << "ROLLBACK" << (s.and_chain ? " AND CHAIN" : "");
}

void write(Writer& w, const ast::SetTransaction& s) {
  w << (s.session_characteristics ? "SET SESSION CHARACTERISTICS AS TRANSACTION"
                                  : "SET TRANSACTION");
  write_modes(w, s.modes);
}

void write(Writer& w, const ast::Declare& s) {
  w << "DECLARE ";
  write(w, s.name);
  w << (s.with_hold ? " CURSOR WITH HOLD FOR " : " CURSOR FOR ");
  std::visit([&](const auto& source) { printer::write(w, source); }, s.source);
}

void write(Writer& w, const ast::Fetch& s) {
  w << "FETCH ";
  if (auto* count = std::get_if<std::uint64_t>(&s.count)) w << *count << " ";
  if (std::holds_alternative<ast::Fetch::All>(s.count)) w << "ALL ";
  write(w, s.name);
  write_with(w, s.with);
}

void write(Writer& w, const ast::Close& s) {
  w << "CLOSE ";
  write(w, s.name);
}

void write(Writer& w, const ast::Prepare& s) {
  w << "PREPARE ";
  write(w, s.name);
  w << " AS ";
  write(w, *s.statement);
}

void write(Writer& w, const ast::Execute& s) {
  w << "EXECUTE ";
  write(w, s.name);
  if (s.arguments.empty()) return;
  w << " ";
  write_parenthesized(w, s.arguments);
}

void write(Writer& w, const ast::Deallocate& s) {
  w << "DEALLOCATE ";
  if (s.name)
    write(w, *s.name);
  else
    w << "ALL";
}

void write(Writer& w, const ast::SetVariable& s) {
  w << (s.local ? "SET LOCAL " : "SET ");
  write(w, s.name);
  w << " = ";
  write(w, s.values);
}

void write(Writer& w, const ast::ResetVariable& s) {
  w << "RESET ";
  write(w, s.name);
}

void write(Writer& w, const ast::Discard& s) {
  constexpr std::string_view words[] = {"ALL", "PLANS", "SEQUENCES", "TEMPORARY"};
  w << "DISCARD " << words[static_cast<int>(s.what)];
}

void write(Writer& w, const ast::Raise& s) {
  constexpr std::string_view words[] = {"DEBUG", "INFO", "LOG", "NOTICE", "WARNING"};
  w << "RAISE " << words[static_cast<int>(s.severity)];
}

}  // namespace tailrace::grammar::printer
