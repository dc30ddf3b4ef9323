// Function calls, those with syntax of their own, and windows.
#include <utility>

#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

namespace {

using ast::Expression;

ast::FrameBound bound(P::FrameBoundContext& tree) {
  using Kind = ast::FrameBoundKind;
  if (tree.CURRENT()) return {.kind = Kind::current_row};
  const bool preceding = tree.PRECEDING() != nullptr;
  if (tree.UNBOUNDED())
    return {.kind = preceding ? Kind::unbounded_preceding : Kind::unbounded_following};
  return {.kind = preceding ? Kind::preceding : Kind::following,
          .offset = unsigned_number(tree.NUMBER()->getSymbol())};
}

ast::Window window(P::OverClauseContext& tree) {
  ast::Window out;
  if (tree.expressionList()) out.partition_by = expressions(*tree.expressionList());
  out.order_by = order_by(tree.orderByClause());
  if (auto* frame = tree.frameClause()) {
    auto bounds = frame->frameBound();
    out.frame = ast::Frame{.units = frame->ROWS()    ? ast::FrameUnits::rows
                                    : frame->RANGE() ? ast::FrameUnits::range
                                                     : ast::FrameUnits::groups,
                           .start = bound(*bounds[0])};
    if (bounds.size() > 1) out.frame->end = bound(*bounds[1]);
  }
  return out;
}

ast::FunctionCall plain_call(std::string name, antlr4::ParserRuleContext& tree) {
  ast::FunctionCall out;
  out.name = {.parts = {{std::move(name), position(tree)}}, .position = position(tree)};
  return out;
}

// EXTRACT(year FROM a): the unit becomes a string.
Expression extract(P::ExtractCallContext& tree) {
  ast::FunctionCall out = plain_call("extract", tree);
  if (tree.expressionList()) {
    out.arguments = expressions(*tree.expressionList());
    return {std::move(out), position(tree)};
  }
  auto* unit = tree.identifier();
  const std::uint32_t at = unit ? position(*unit) : position(*tree.stringLiteral());
  out.arguments.push_back(
      {ast::StringLiteral{unit ? ident(unit).value : string_value(*tree.stringLiteral())}, at});
  out.arguments.push_back(expression(*tree.expression()));
  return {std::move(out), position(tree)};
}

Expression position_call(P::PositionCallContext& tree) {
  ast::FunctionCall out = plain_call("position", tree);
  out.arguments.push_back(operand(*tree.operand()));
  for (auto* argument : tree.expression()) out.arguments.push_back(expression(*argument));
  return {std::move(out), position(tree)};
}

// SUBSTRING(s FOR n) starts at 1.
Expression substring(P::SubstringCallContext& tree) {
  ast::FunctionCall out = plain_call("substring", tree);
  for (auto* argument : tree.expression()) out.arguments.push_back(expression(*argument));
  if (tree.FOR() && !tree.FROM())
    out.arguments.insert(out.arguments.begin() + 1, {ast::NumberLiteral{"1"}, position(tree)});
  return {std::move(out), position(tree)};
}

// TRIM(c FROM s) names what to trim first, btrim(s, c) last.
Expression trim(P::TrimCallContext& tree) {
  ast::FunctionCall out = plain_call(tree.LEADING()    ? "ltrim"
                                     : tree.TRAILING() ? "rtrim"
                                                       : "btrim",
                                     tree);
  for (auto* argument : tree.expression()) out.arguments.push_back(expression(*argument));
  if (tree.FROM() && out.arguments.size() == 2) std::swap(out.arguments[0], out.arguments[1]);
  return {std::move(out), position(tree)};
}

// NORMALIZE(s) is normalize(s, 'NFC'); the form is a word or any text.
Expression normalize(P::NormalizeCallContext& tree) {
  ast::FunctionCall out = plain_call("normalize", tree);
  for (auto* argument : tree.expression()) out.arguments.push_back(expression(*argument));
  if (out.arguments.size() == 1)
    out.arguments.push_back({ast::StringLiteral{"NFC"}, position(tree)});
  else if (auto* word = std::get_if<ast::ColumnName>(&out.arguments[1].node)) {
    const std::string form = upper(word->parts[0].value);
    if (word->parts.size() == 1 &&
        (form == "NFC" || form == "NFD" || form == "NFKC" || form == "NFKD"))
      out.arguments[1].node = ast::StringLiteral{form};
  }
  return {std::move(out), position(tree)};
}

}  // namespace

ast::FunctionCall call(P::FunctionCallContext& tree) {
  ast::FunctionCall out;
  P::FunctionNameContext& name = *tree.functionName();
  out.name = {.parts = {ident(name.expressionName())}, .position = position(tree)};
  for (auto* part : name.identifier()) out.name.parts.push_back(ident(part));
  check_parts(out.name, 3);
  if (auto* arguments = tree.functionArguments()) {
    out.star = arguments->STAR() != nullptr;
    out.distinct = arguments->DISTINCT() != nullptr;
    if (arguments->expressionList()) out.arguments = expressions(*arguments->expressionList());
    out.order_by = order_by(arguments->orderByClause());
  }
  if (tree.filterClause()) out.filter = expression(tree.filterClause()->expression());
  if (tree.nullTreatment()) out.ignore_nulls = tree.nullTreatment()->IGNORE() != nullptr;
  if (tree.overClause()) out.over = window(*tree.overClause());
  return out;
}

Expression special_call(antlr4::ParserRuleContext& tree) {
  switch (tree.getRuleIndex()) {
    case P::RuleExtractCall:
      return extract(static_cast<P::ExtractCallContext&>(tree));
    case P::RulePositionCall:
      return position_call(static_cast<P::PositionCallContext&>(tree));
    case P::RuleSubstringCall:
      return substring(static_cast<P::SubstringCallContext&>(tree));
    case P::RuleTrimCall:
      return trim(static_cast<P::TrimCallContext&>(tree));
    default:
      return normalize(static_cast<P::NormalizeCallContext&>(tree));
  }
}

}  // namespace tailrace::grammar::builder
