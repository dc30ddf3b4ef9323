// Literals, names, constructors, conditionals: what operators stand between.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/parser_base.hpp"

namespace tailrace::grammar::builder {

namespace {

using ast::Expression;

Expression case_expression(P::CaseExpressionContext& tree) {
  ast::Case out;
  bool after_else = false;
  for (Node* child : tree.children) {
    if (is(child, P::ELSE)) after_else = true;
    if (auto* inner = as<P::ExpressionContext>(child))
      (after_else ? out.otherwise : out.operand) = expression(*inner);
    if (auto* branch = as<P::CaseBranchContext>(child))
      out.branches.push_back(
          {expression(*branch->expression(0)), expression(*branch->expression(1))});
  }
  return {std::move(out), position(tree)};
}

Expression choice(P::ChoiceExpressionContext& tree) {
  ast::Choice out;
  out.kind = tree.COALESCE()   ? ast::ChoiceKind::coalesce
             : tree.GREATEST() ? ast::ChoiceKind::greatest
                               : ast::ChoiceKind::least;
  out.arguments = expressions(*tree.expressionList());
  return {std::move(out), position(tree)};
}

ast::Collection elements(P::BracketedElementsContext& tree, ast::CollectionKind kind) {
  ast::Collection out{.kind = kind};
  for (Node* child : tree.children) {
    auto* element = as<P::CollectionElementContext>(child);
    if (!element) continue;
    if (auto* nested = element->bracketedElements())
      out.elements.push_back({elements(*nested, kind), position(*nested)});
    else
      out.elements.push_back(expression(*element->expression()));
  }
  return out;
}

ast::MapConstructor entries(P::BracketedEntriesContext& tree) {
  ast::MapConstructor out;
  for (auto* entry : tree.mapEntry()) {
    auto parts = entry->expression();
    Expression value = entry->bracketedEntries()
                           ? Expression{entries(*entry->bracketedEntries()), position(*entry)}
                           : expression(*parts[1]);
    out.entries.push_back({expression(*parts[0]), std::move(value)});
  }
  return out;
}

Expression collection(P::CollectionExpressionContext& tree) {
  const std::uint32_t at = position(tree);
  if (auto* map = tree.bracketedEntries()) return {entries(*map), at};
  const ast::CollectionKind kind = tree.ARRAY()  ? ast::CollectionKind::array
                                   : tree.LIST() ? ast::CollectionKind::list
                                                 : ast::CollectionKind::map;
  if (auto* list = tree.bracketedElements()) return {elements(*list, kind), at};
  return {ast::CollectionSubquery{kind, query(*tree.parenthesizedQuery())}, at};
}

Expression row(P::RowExpressionContext& tree) {
  ast::Row out;
  if (tree.expressionList()) out.fields = expressions(*tree.expressionList());
  return {std::move(out), position(tree)};
}

Expression parenthesized(P::ParenthesizedExpressionContext& tree) {
  auto fields = expressions(*tree.expressionList());
  if (fields.size() == 1) return std::move(fields.front());
  return {ast::Row{std::move(fields)}, position(tree)};
}

}  // namespace

Expression with_fields(Expression record, const std::vector<P::FieldAccessContext*>& fields) {
  if (fields.size() > nesting_max) throw_nested_too_deep(fields[nesting_max]->start);
  for (auto* field : fields) {
    const std::uint32_t at = record.position;
    if (field->STAR())
      record = {ast::FieldWildcard{std::move(record)}, at};
    else
      record = {ast::FieldAccess{std::move(record), ident(field->identifier())}, at};
  }
  return record;
}

Expression column(P::ColumnReferenceContext& tree) {
  std::vector<ast::Ident> parts{ident(tree.start)};
  for (auto* part : tree.identifier()) parts.push_back(ident(part));
  if (parts.size() > 4) {
    std::string whole;
    for (const ast::Ident& part : parts) whole += (whole.empty() ? "" : ".") + part.value;
    throw_syntax_error(tree.start, "improper qualified name (too many dotted names): " + whole);
  }
  if (tree.STAR()) return {ast::Wildcard{std::move(parts)}, position(tree)};
  return {ast::ColumnName{std::move(parts)}, position(tree)};
}

Expression primary(P::PrimaryContext& tree) {
  auto& first = static_cast<antlr4::ParserRuleContext&>(*tree.children.front());
  const std::uint32_t at = position(tree);
  switch (first.getRuleIndex()) {
    case P::RuleLiteral:
      return literal(static_cast<P::LiteralContext&>(first));
    case P::RuleColumnReference:
      return column(static_cast<P::ColumnReferenceContext&>(first));
    case P::RuleFunctionCall:
      return {call(static_cast<P::FunctionCallContext&>(first)), at};
    case P::RuleParenthesizedExpression:
      return with_fields(parenthesized(static_cast<P::ParenthesizedExpressionContext&>(first)),
                         tree.fieldAccess());
    case P::RuleParenthesizedQuery:
      return with_fields({ast::ScalarSubquery{query(*tree.parenthesizedQuery())}, at},
                         tree.fieldAccess());
    case P::RuleIntervalLiteral:
      return {interval(*tree.intervalLiteral()), at};
    case P::RuleCaseExpression:
      return case_expression(*tree.caseExpression());
    case P::RuleCastExpression: {
      auto& cast = *tree.castExpression();
      return {ast::Cast{expression(*cast.expression()), type(*cast.typeName())}, at};
    }
    case P::RuleExistsExpression:
      return {ast::Exists{query(*tree.existsExpression()->parenthesizedQuery())}, at};
    case P::RuleChoiceExpression:
      return choice(*tree.choiceExpression());
    case P::RuleNullIfExpression: {
      auto& both = *tree.nullIfExpression();
      return {ast::NullIf{expression(*both.expression(0)), expression(*both.expression(1))}, at};
    }
    case P::RuleCollectionExpression:
      return collection(*tree.collectionExpression());
    case P::RuleRowExpression:
      return row(*tree.rowExpression());
    case P::RuleTypedLiteral: {
      auto& typed = *tree.typedLiteral();
      Expression value{ast::StringLiteral{string_value(*typed.stringLiteral())},
                       position(*typed.stringLiteral())};
      return {ast::Cast{std::move(value), type(typed)}, at};
    }
    default:
      return special_call(first);
  }
}

}  // namespace tailrace::grammar::builder
