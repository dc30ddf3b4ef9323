// Expressions, with parentheses where the grammar needs them.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

using ast::Expression;

Level above(Level level) {
  return static_cast<Level>(static_cast<int>(level) + 1);
}

Level level(const ast::OperatorName& name) {
  if (!name.schema.empty()) return Level::other;
  const std::string& s = name.symbol;
  if (s == "=" || s == "<>" || s == "<" || s == "<=" || s == ">" || s == ">=")
    return Level::comparison;
  if (s == "+" || s == "-") return Level::plus;
  if (s == "*" || s == "/" || s == "%") return Level::times;
  return Level::other;
}

bool is_sign(const ast::OperatorName& name) {
  return name.schema.empty() && (name.symbol == "-" || name.symbol == "+");
}

struct LevelOf {
  Level operator()(const ast::Or&) { return Level::or_; }
  Level operator()(const ast::And&) { return Level::and_; }
  Level operator()(const ast::Not&) { return Level::not_; }
  Level operator()(const ast::IsTest&) { return Level::is; }
  Level operator()(const ast::IsDistinctFrom&) { return Level::is; }
  Level operator()(const ast::Like&) { return Level::like; }
  Level operator()(const ast::Between&) { return Level::like; }
  Level operator()(const ast::InList&) { return Level::like; }
  Level operator()(const ast::InSubquery&) { return Level::like; }
  Level operator()(const ast::Quantified& q) {
    return level(q.name) == Level::comparison ? Level::comparison : Level::like;
  }
  Level operator()(const ast::Binary& b) { return level(b.name); }
  Level operator()(const ast::Unary& u) {
    return is_sign(u.name) ? Level::sign : Level::other_prefix;
  }
  Level operator()(const ast::AtTimeZone&) { return Level::at; }
  Level operator()(const ast::Collate&) { return Level::at; }
  Level operator()(const ast::Cast&) { return Level::postfix; }
  Level operator()(const ast::Subscript&) { return Level::postfix; }
  template <class T>
  Level operator()(const T&) {
    return Level::primary;
  }
};

Level level(const Expression& e) {
  return std::visit(LevelOf(), e.node);
}

void write(Writer& w, const ast::OperatorName& name) {
  if (name.schema.empty()) {
    w << name.symbol;
    return;
  }
  w << "OPERATOR(";
  for (const ast::Ident& part : name.schema) {
    printer::write(w, part);
    w << ".";
  }
  w << name.symbol << ")";
}

void write_joined(Writer& w, const std::vector<Expression>& operands, std::string_view word,
                  Level each) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) w << word;
    write(w, operands[i], each);
  }
}

// Down the left side in a loop: it is as long as the statement.
void write(Writer& w, const ast::Binary& top) {
  std::vector<const ast::Binary*> chain{&top};
  while (auto* next = std::get_if<ast::Binary>(&chain.back()->left->node)) {
    if (level(next->name) < level(chain.back()->name)) break;
    chain.push_back(next);
  }
  write(w, *chain.back()->left, level(chain.back()->name));
  for (std::size_t i = chain.size(); i-- > 0;) {
    w << " ";
    write(w, chain[i]->name);
    w << " ";
    write(w, *chain[i]->right, above(level(chain[i]->name)));
  }
}

// `- 2` would be a number, and `--` a comment.
void write(Writer& w, const ast::Unary& unary) {
  write(w, unary.name);
  if (!is_sign(unary.name)) {
    w << " ";
    return write(w, *unary.operand, Level::other_prefix);
  }
  Writer inner{.options = w.options};
  write(inner, *unary.operand, Level::sign);
  const char first = inner.out.front();
  if ((first >= '0' && first <= '9') || first == '.')
    w << "(" << inner.out << ")";
  else
    w << (first == '-' || first == '+' ? " " : "") << inner.out;
}

std::string_view not_(bool negated) {
  return negated ? " NOT" : "";
}

void write(Writer& w, const ast::Like& like) {
  write(w, *like.operand, Level::like);
  w << not_(like.negated) << (like.ignore_case ? " ILIKE " : " LIKE ");
  write(w, *like.pattern, Level::other);
  if (!like.escape) return;
  w << " ESCAPE ";
  write(w, **like.escape, Level::other);
}

void write(Writer& w, const ast::Between& between) {
  write(w, *between.operand, Level::like);
  w << not_(between.negated) << " BETWEEN ";
  write(w, *between.low, Level::other);
  w << " AND ";
  write(w, *between.high, Level::other);
}

void write(Writer& w, const ast::IsTest& test) {
  constexpr std::string_view words[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};
  write(w, *test.operand, Level::is);
  w << " IS" << not_(test.negated) << " " << words[static_cast<int>(test.what)];
}

void write(Writer& w, const ast::Quantified& test) {
  const Level own = level(test.name);
  write(w, *test.left, own == Level::comparison ? own : Level::other);
  w << " ";
  write(w, test.name);
  w << (test.all ? " ALL (" : " ANY (");
  std::visit([&](const auto& right) { printer::write(w, *right); }, test.right);
  w << ")";
}

void write(Writer& w, const ast::Case& choice) {
  w << "CASE";
  if (choice.operand) {
    w << " ";
    write(w, **choice.operand, Level::or_);
  }
  for (const ast::CaseBranch& branch : choice.branches) {
    w << " WHEN ";
    write(w, *branch.when, Level::or_);
    w << " THEN ";
    write(w, *branch.then, Level::or_);
  }
  if (choice.otherwise) {
    w << " ELSE ";
    write(w, **choice.otherwise, Level::or_);
  }
  w << " END";
}

void write(Writer& w, const ast::Subscript& subscript) {
  // `a::int4[1]` would be a type.
  const bool is_cast = std::holds_alternative<ast::Cast>(subscript.value->node);
  write(w, *subscript.value, is_cast ? Level::primary : Level::postfix);
  for (const ast::SubscriptPart& part : subscript.parts) {
    w << "[";
    if (part.start) write(w, **part.start, Level::or_);
    if (part.is_slice) w << ":";
    if (part.end) write(w, **part.end, Level::or_);
    w << "]";
  }
}

void write_record(Writer& w, const Expression& record) {
  if (std::holds_alternative<ast::FieldAccess>(record.node))
    return write(w, record, Level::primary);
  w << "(";
  write(w, record, Level::or_);
  w << ")";
}

std::string_view keyword(ast::CollectionKind kind) {
  return kind == ast::CollectionKind::array  ? "ARRAY"
         : kind == ast::CollectionKind::list ? "LIST"
                                             : "MAP";
}

void write_map(Writer& w, const ast::MapConstructor& map) {
  w << "MAP[";
  for (std::size_t i = 0; i < map.entries.size(); ++i) {
    if (i > 0) w << ", ";
    write(w, *map.entries[i].key, Level::or_);
    w << " => ";
    write(w, *map.entries[i].value, Level::or_);
  }
  w << "]";
}

void write_parts(Writer& w, const std::vector<ast::Ident>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) w << ".";
    printer::write(w, parts[i]);
  }
}

struct Visitor {
  Writer& w;

  void operator()(const ast::NullLiteral&) { w << "NULL"; }
  void operator()(const ast::BooleanLiteral& e) { w << (e.value ? "true" : "false"); }
  void operator()(const ast::NumberLiteral& e) { w.literal(e.text); }
  void operator()(const ast::StringLiteral& e) { w.literal(quoted_literal(e.value)); }
  void operator()(const ast::HexLiteral& e) { w.literal("X" + quoted_literal(e.digits)); }
  void operator()(const ast::IntervalLiteral& e) { printer::write(w, e); }
  void operator()(const ast::DefaultMarker&) { w << "DEFAULT"; }
  void operator()(const ast::Parameter& e) { w << "$" << e.number; }
  void operator()(const ast::ColumnName& e) { write_parts(w, e.parts); }
  void operator()(const ast::Wildcard& e) {
    write_parts(w, e.qualifier);
    w << (e.qualifier.empty() ? "*" : ".*");
  }
  void operator()(const ast::FieldAccess& e) {
    write_record(w, *e.record);
    w << ".";
    printer::write(w, e.field);
  }
  void operator()(const ast::FieldWildcard& e) {
    write_record(w, *e.record);
    w << ".*";
  }
  void operator()(const ast::And& e) { write_joined(w, e.operands, " AND ", Level::not_); }
  void operator()(const ast::Or& e) { write_joined(w, e.operands, " OR ", Level::and_); }
  void operator()(const ast::Not& e) {
    w << "NOT ";
    write(w, *e.operand, Level::not_);
  }
  void operator()(const ast::IsDistinctFrom& e) {
    write(w, *e.left, Level::is);
    w << " IS" << not_(e.negated) << " DISTINCT FROM ";
    write(w, *e.right, Level::comparison);
  }
  void operator()(const ast::InList& e) {
    write(w, *e.operand, Level::like);
    w << not_(e.negated) << " IN (";
    write_joined(w, e.list, ", ", Level::or_);
    w << ")";
  }
  void operator()(const ast::InSubquery& e) {
    write(w, *e.operand, Level::like);
    w << not_(e.negated) << " IN (";
    printer::write(w, *e.query);
    w << ")";
  }
  void operator()(const ast::Exists& e) {
    w << "EXISTS (";
    printer::write(w, *e.query);
    w << ")";
  }
  void operator()(const ast::ScalarSubquery& e) {
    w << "(";
    printer::write(w, *e.query);
    w << ")";
  }
  void operator()(const ast::AtTimeZone& e) {
    write(w, *e.operand, Level::at);
    w << " AT TIME ZONE ";
    write(w, *e.zone, Level::sign);
  }
  void operator()(const ast::Collate& e) {
    write(w, *e.operand, Level::at);
    w << " COLLATE ";
    printer::write(w, e.collation);
  }
  void operator()(const ast::Cast& e) {
    write(w, *e.operand, Level::postfix);
    w << "::";
    printer::write(w, e.type);
  }
  void operator()(const ast::Choice& e) {
    constexpr std::string_view words[] = {"COALESCE", "GREATEST", "LEAST"};
    w << words[static_cast<int>(e.kind)] << "(";
    write_joined(w, e.arguments, ", ", Level::or_);
    w << ")";
  }
  void operator()(const ast::NullIf& e) {
    w << "NULLIF(";
    write(w, *e.left, Level::or_);
    w << ", ";
    write(w, *e.right, Level::or_);
    w << ")";
  }
  void operator()(const ast::Collection& e) {
    w << keyword(e.kind) << "[";
    write_joined(w, e.elements, ", ", Level::or_);
    w << "]";
  }
  void operator()(const ast::MapConstructor& e) { write_map(w, e); }
  void operator()(const ast::CollectionSubquery& e) {
    w << keyword(e.kind) << "(";
    printer::write(w, *e.query);
    w << ")";
  }
  void operator()(const ast::Row& e) {
    w << "ROW(";
    write_joined(w, e.fields, ", ", Level::or_);
    w << ")";
  }
  void operator()(const ast::FunctionCall& e) { printer::write(w, e); }
  template <class Node>  // those with a function above
  void operator()(const Node& e) {
    write(w, e);
  }
};

}  // namespace

void write(Writer& w, const ast::Expression& expression, Level at_least) {
  const bool parentheses = level(expression) < at_least;
  if (parentheses) w << "(";
  std::visit(Visitor{w}, expression.node);
  if (parentheses) w << ")";
}

}  // namespace tailrace::grammar::printer
