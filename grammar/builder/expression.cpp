// Operators, from OR down to `::`. Chains that nest to the left are walked in loops: they are as
// long as the statement.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/parser_base.hpp"

namespace tailrace::grammar::builder {

namespace {

using ast::Expression;

// Every step that does not fold into a flat AND or OR, or continue a chain of binary operators,
// makes the tree deeper for those who read it: `a IS NULL IS NULL ..`, `a::int::int ..`.
class ChainLimit {
 public:
  void step(antlr4::ParserRuleContext& tree) {
    if (++steps_ > nesting_max) throw_nested_too_deep(tree.start);
  }

 private:
  std::size_t steps_ = 0;
};

// The contexts from `tree` down its left edge; the last has no left operand of its own kind.
template <class Context>
std::vector<Context*> left_edge(Context& tree) {
  std::vector<Context*> out{&tree};
  while (auto* next = as<Context>(out.back()->children.front())) out.push_back(next);
  return out;
}

template <class List>
Expression joined(Expression left, Expression right, std::uint32_t at) {
  if (auto* list = std::get_if<List>(&left.node)) {
    list->operands.push_back(std::move(right));
    return left;
  }
  List list;
  list.operands.reserve(2);
  list.operands.push_back(std::move(left));
  list.operands.push_back(std::move(right));
  return {std::move(list), at};
}

ast::Quantified quantified(Expression left, ast::OperatorName name,
                           P::QuantifiedRightContext& tree) {
  const bool all = first_type(tree) == P::ALL;
  if (auto* subquery = tree.parenthesizedQuery())
    return {std::move(left), std::move(name), all, ast::Box<ast::Query>(query(*subquery))};
  auto list = tree.expressionList()->expression();
  if (list.size() != 1)
    throw_syntax_error(tree.start, upper(text(tree)) +
                                       " requires a single expression or subquery, not an "
                                       "expression list");
  return {std::move(left), std::move(name), all, ast::Box<Expression>(expression(*list[0]))};
}

ast::OperatorName symbol(std::string text, antlr4::Token* at) {
  return {.symbol = std::move(text), .position = position(at)};
}

Expression like(Expression left, P::ExpressionContext& tree, bool negated, std::uint32_t at) {
  const bool ignore_case = tree.ILIKE() != nullptr;
  if (auto* right = tree.quantifiedRight()) {
    const std::string name = std::string(negated ? "!~~" : "~~") + (ignore_case ? "*" : "");
    return {quantified(std::move(left), symbol(name, tree.start), *right), at};
  }
  auto operands = tree.operand();
  ast::Like out{.operand = std::move(left),
                .pattern = operand(*operands[0]),
                .ignore_case = ignore_case,
                .negated = negated};
  if (operands.size() > 1) out.escape = operand(*operands[1]);
  return {std::move(out), at};
}

Expression in(Expression left, P::ExpressionContext& tree, bool negated, std::uint32_t at) {
  if (auto* subquery = tree.parenthesizedQuery())
    return {ast::InSubquery{std::move(left), query(*subquery), negated}, at};
  return {ast::InList{std::move(left), expressions(*tree.expressionList()), negated}, at};
}

Expression is_test(Expression left, P::ExpressionContext& tree, std::uint32_t at) {
  const bool negated = tree.NOT() != nullptr;
  if (tree.DISTINCT())
    return {ast::IsDistinctFrom{std::move(left), expression(*tree.expression().back()), negated},
            at};
  const ast::IsWhat what = tree.TRUE_()     ? ast::IsWhat::true_
                           : tree.FALSE_()  ? ast::IsWhat::false_
                           : tree.UNKNOWN() ? ast::IsWhat::unknown
                                            : ast::IsWhat::null;
  return {ast::IsTest{std::move(left), what, negated}, at};
}

// `left` with the operator and the right side of `tree`.
Expression apply(Expression left, P::ExpressionContext& tree, ChainLimit& limit) {
  const std::uint32_t at = position(tree);
  Node* second = tree.children[1];
  if (auto* comparison = as<P::ComparisonContext>(second)) {
    ast::OperatorName name = operator_name(*comparison);
    if (auto* right = tree.quantifiedRight()) {
      limit.step(tree);
      return {quantified(std::move(left), std::move(name), *right), at};
    }
    auto* right = as<P::ExpressionContext>(tree.children[2]);
    return {ast::Binary{std::move(name), std::move(left), expression(*right)}, at};
  }
  const std::size_t word = token_type(second);
  if (word == P::AND || word == P::OR) {
    Expression right = expression(*as<P::ExpressionContext>(tree.children[2]));
    return word == P::AND ? joined<ast::And>(std::move(left), std::move(right), at)
                          : joined<ast::Or>(std::move(left), std::move(right), at);
  }
  limit.step(tree);
  const bool negated = word == P::NOT;
  switch (negated ? token_type(tree.children[2]) : word) {
    case P::LIKE:
    case P::ILIKE:
      return like(std::move(left), tree, negated, at);
    case P::BETWEEN:
      return {ast::Between{std::move(left), operand(*tree.operand(0)), operand(*tree.operand(1)),
                           negated},
              at};
    case P::IN:
      return in(std::move(left), tree, negated, at);
    case P::ISNULL:
      return {ast::IsTest{std::move(left), ast::IsWhat::null, false}, at};
    case P::NOTNULL:
      return {ast::IsTest{std::move(left), ast::IsWhat::null, true}, at};
    default:
      return is_test(std::move(left), tree, at);
  }
}

Expression signed_operand(P::OperandContext& tree, bool negate_number);

// A minus before a number belongs to the number: -2::int4 is (-2)::int4, and the smallest bigint a
// literal.
bool starts_with_number(P::OperandContext& tree) {
  auto* base = as<P::PrimaryContext>(left_edge(tree).back()->children.front());
  auto* literal = base ? as<P::LiteralContext>(base->children.front()) : nullptr;
  return literal && first_type(*literal) == P::NUMBER;
}

Expression operand_base(P::OperandContext& tree, bool negate_number) {
  Node* first = tree.children.front();
  if (auto* inner = as<P::PrimaryContext>(first)) {
    Expression out = primary(*inner);
    if (negate_number) {
      auto& number = std::get<ast::NumberLiteral>(out.node);
      number.text.insert(0, "-");
    }
    return out;
  }
  P::OperandContext& inner = *as<P::OperandContext>(tree.children[1]);
  if (is(first, P::MINUS) && starts_with_number(inner)) return signed_operand(inner, true);
  ast::OperatorName name;
  if (auto* other = as<P::OtherOperatorContext>(first))
    name = operator_name(*other);
  else
    name = symbol(first->getText(), tree.start);
  return {ast::Unary{std::move(name), operand(inner)}, position(tree)};
}

ast::SubscriptPart subscript(P::SubscriptContext& tree) {
  ast::SubscriptPart out{.is_slice = tree.COLON() != nullptr};
  bool after_colon = false;
  for (Node* child : tree.children) {
    if (is(child, P::COLON)) after_colon = true;
    if (auto* bound = as<P::ExpressionContext>(child))
      (after_colon ? out.end : out.start) = expression(*bound);
  }
  return out;
}

Expression with_subscript(Expression value, P::OperandContext& tree, ChainLimit& limit) {
  ast::SubscriptPart part = subscript(*tree.subscript());
  if (auto* list = std::get_if<ast::Subscript>(&value.node)) {
    list->parts.push_back(std::move(part));
  } else {
    limit.step(tree);
    ast::Subscript out{.value = std::move(value)};
    out.parts.push_back(std::move(part));
    value = {std::move(out), position(tree)};
  }
  for (std::size_t i = 0; i < tree.fieldAccess().size(); ++i) limit.step(tree);
  return with_fields(std::move(value), tree.fieldAccess());
}

// The one child that is the operator, as OperatorName.
ast::OperatorName operator_between(P::OperandContext& tree) {
  Node* second = tree.children[1];
  if (auto* other = as<P::OtherOperatorContext>(second)) return operator_name(*other);
  auto* token = dynamic_cast<antlr4::tree::TerminalNode*>(second)->getSymbol();
  return symbol(token->getText(), token);
}

Expression apply(Expression left, P::OperandContext& tree, ChainLimit& limit) {
  const std::uint32_t at = position(tree);
  if (tree.subscript()) return with_subscript(std::move(left), tree, limit);
  switch (token_type(tree.children[1])) {
    case P::DOUBLE_COLON:
      limit.step(tree);
      return {ast::Cast{std::move(left), type(*tree.typeName())}, at};
    case P::COLLATE:
      limit.step(tree);
      return {ast::Collate{std::move(left), name(*tree.objectName())}, at};
    case P::AT:
      limit.step(tree);
      return {
          ast::AtTimeZone{std::move(left), operand(*as<P::OperandContext>(tree.children.back()))},
          at};
    default:
      break;
  }
  ast::OperatorName name = operator_between(tree);
  if (auto* right = tree.quantifiedRight()) {
    limit.step(tree);
    return {quantified(std::move(left), std::move(name), *right), at};
  }
  Expression right = operand(*as<P::OperandContext>(tree.children.back()));
  return {ast::Binary{std::move(name), std::move(left), std::move(right)}, at};
}

Expression signed_operand(P::OperandContext& tree, bool negate_number) {
  ChainLimit limit;
  const auto edge = left_edge(tree);
  Expression out = operand_base(*edge.back(), negate_number);
  for (std::size_t i = edge.size() - 1; i-- > 0;) out = apply(std::move(out), *edge[i], limit);
  return out;
}

}  // namespace

ast::OperatorName operator_name(antlr4::ParserRuleContext& tree) {
  ast::OperatorName out{.position = position(tree)};
  if (auto* qualified = as<P::QualifiedOperatorContext>(&tree)) {
    out.schema = idents(qualified->identifier());
    out.symbol = text(*qualified->anySymbol());
  } else if (auto* inner = as<antlr4::ParserRuleContext>(tree.children.front())) {
    return operator_name(*inner);
  } else {
    out.symbol = text(tree);
  }
  if (out.symbol == "!=") out.symbol = "<>";
  return out;
}

Expression expression(P::ExpressionContext& tree) {
  ChainLimit limit;
  const auto edge = left_edge(tree);
  P::ExpressionContext& base = *edge.back();
  Expression out;
  if (is(base.children.front(), P::NOT))
    out = {ast::Not{expression(*as<P::ExpressionContext>(base.children[1]))}, position(base)};
  else
    out = operand(*as<P::OperandContext>(base.children.front()));
  for (std::size_t i = edge.size() - 1; i-- > 0;) out = apply(std::move(out), *edge[i], limit);
  return out;
}

std::optional<ast::Box<Expression>> expression(P::ExpressionContext* tree) {
  if (!tree) return std::nullopt;
  return ast::Box<Expression>(expression(*tree));
}

std::vector<Expression> expressions(P::ExpressionListContext& tree) {
  std::vector<Expression> out;
  out.reserve(tree.children.size() / 2 + 1);
  for (Node* child : tree.children)
    if (auto* item = as<P::ExpressionContext>(child)) out.push_back(expression(*item));
  return out;
}

Expression operand(P::OperandContext& tree) {
  return signed_operand(tree, false);
}

}  // namespace tailrace::grammar::builder
