// WITH, set operations, SELECT, VALUES, ORDER BY and LIMIT.
#include <utility>

#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

namespace {

using ast::Query;
using ast::QueryBody;

ast::With with(P::WithClauseContext& tree) {
  if (!tree.MUTUALLY()) {
    std::vector<ast::CommonTable> tables;
    for (auto* table : tree.commonTable())
      tables.push_back({.name = ident(table->identifier()),
                        .columns = idents(table->columnList()),
                        .query = query(*table->parenthesizedQuery())});
    return tables;
  }
  ast::MutuallyRecursive out;
  if (auto* options = tree.recursionOptions()) {
    for (auto* limit : options->recursionLimit())
      out.limits.push_back({.action = limit->RETURN() ? ast::RecursionLimit::Action::return_
                                                      : ast::RecursionLimit::Action::error,
                            .limit = unsigned_number(limit->NUMBER()->getSymbol()),
                            .position = position(*limit)});
  }
  for (auto* table : tree.recursiveTable()) {
    ast::RecursiveTable item{.name = ident(table->identifier()),
                             .query = query(*table->parenthesizedQuery())};
    for (auto* column : table->typedColumn())
      item.columns.push_back({ident(column->identifier()), type(*column->typeName())});
    out.tables.push_back(std::move(item));
  }
  return out;
}

ast::QueryHint hint(P::QueryHintContext& tree) {
  using Kind = ast::QueryHint::Kind;
  P::QueryHintNameContext& name = *tree.queryHintName();
  return {.kind = name.AGGREGATE()  ? Kind::aggregate_input_group_size
                  : name.DISTINCT() ? Kind::distinct_on_input_group_size
                  : name.LIMIT()    ? Kind::limit_input_group_size
                                    : Kind::expected_group_size,
          .value = literal(*tree.signedLiteral()),
          .position = position(tree)};
}

ast::Select select_body(P::SelectQueryContext& tree) {
  ast::Select out;
  out.distinct = tree.DISTINCT() != nullptr;
  out.items = select_items(tree.selectItem());
  out.from = from(tree.fromItem());
  // The clauses with one expression, told apart by the keyword before it.
  std::size_t keyword = 0;
  for (Node* child : tree.children) {
    if (const std::size_t token = token_type(child); token != 0 && token != P::LEFT_PAREN)
      keyword = token;
    if (auto* list = as<P::ExpressionListContext>(child))
      (keyword == P::ON ? out.distinct_on : out.group_by) = expressions(*list);
    if (auto* condition = as<P::ExpressionContext>(child)) {
      auto& target = keyword == P::WHERE    ? out.where
                     : keyword == P::HAVING ? out.having
                                            : out.qualify;
      target = expression(condition);
    }
  }
  auto clauses = tree.hintClause();
  if (clauses.size() > 1) throw_syntax_error(clauses[1]->start, "OPTIONS specified more than once");
  for (auto* clause : clauses)
    for (auto* item : clause->queryHint()) out.options.push_back(hint(*item));
  return out;
}

ast::Values values(P::ValuesQueryContext& tree) {
  ast::Values out;
  out.rows.reserve(tree.children.size() / 2);
  for (Node* child : tree.children) {
    auto* row = as<P::ValuesRowContext>(child);
    if (!row) continue;
    auto& cells = out.rows.emplace_back();
    cells.reserve(row->children.size() / 2);
    for (Node* item : row->children) {
      auto* cell = as<P::ValuesCellContext>(item);
      if (!cell) continue;
      if (auto* value = as<P::ExpressionContext>(cell->children.front()))
        cells.push_back(expression(*value));
      else
        cells.push_back({ast::DefaultMarker{}, position(*cell)});
    }
  }
  return out;
}

QueryBody primary_body(P::QueryPrimaryContext& tree) {
  QueryBody out{.position = position(tree)};
  if (tree.selectQuery())
    out.node = select_body(*tree.selectQuery());
  else if (tree.valuesQuery())
    out.node = values(*tree.valuesQuery());
  else if (tree.tableQuery())
    out.node = ast::TableCommand{name(*tree.tableQuery()->objectName())};
  else
    out.node = ast::Box<Query>(query(*tree.parenthesizedQuery()));
  return out;
}

// `a op b op c ..`, all of one precedence; `make` builds what stands between the operators.
template <class Context, class Make>
QueryBody chain(Context& tree, Make make) {
  std::optional<QueryBody> out;
  ast::SetOperator kind = ast::SetOperator::union_;
  bool all = false;
  for (Node* child : tree.children) {
    switch (token_type(child)) {
      case P::UNION:
        kind = ast::SetOperator::union_, all = false;
        break;
      case P::EXCEPT:
        kind = ast::SetOperator::except, all = false;
        break;
      case P::INTERSECT:
        kind = ast::SetOperator::intersect, all = false;
        break;
      case P::ALL:
        all = true;
        break;
      case P::DISTINCT:
        break;
      default: {
        QueryBody next = make(*child);
        if (!out) {
          out = std::move(next);
          break;
        }
        const std::uint32_t at = out->position;
        out = QueryBody{ast::SetOperation{kind, all, std::move(*out), std::move(next)}, at};
      }
    }
  }
  return std::move(*out);
}

QueryBody body(P::QueryBodyContext& tree) {
  return chain(tree, [](Node& term) {
    return chain(static_cast<P::QueryTermContext&>(term), [](Node& item) {
      return primary_body(static_cast<P::QueryPrimaryContext&>(item));
    });
  });
}

[[noreturn]] void throw_repeated(antlr4::Token* at, const char* clause) {
  throw_syntax_error(at, std::string("multiple ") + clause + " clauses not allowed");
}

void add_limits(Query& out, const std::vector<P::LimitClauseContext*>& clauses) {
  bool has_limit = false;
  for (auto* clause : clauses) {
    if (clause->OFFSET()) {
      if (out.offset) throw_repeated(clause->start, "OFFSET");
      out.offset = expression(clause->expression());
      continue;
    }
    if (has_limit) throw_repeated(clause->start, "LIMIT/FETCH");
    has_limit = true;
    if (clause->TIES()) throw_unsupported(clause->start, "FETCH ... WITH TIES");
    out.limit = expression(clause->expression());
    if (clause->FETCH() && !out.limit)
      out.limit = ast::Expression{ast::NumberLiteral{"1"}, position(*clause)};
  }
}

// (SELECT .. ORDER BY a) LIMIT 1 is one query; each clause may stand once.
Query merged(Query outer, const Query& inner, antlr4::Token* at) {
  if (outer.with && inner.with) throw_repeated(at, "WITH");
  if (!outer.order_by.empty() && !inner.order_by.empty()) throw_repeated(at, "ORDER BY");
  if (outer.limit && inner.limit) throw_repeated(at, "LIMIT/FETCH");
  if (outer.offset && inner.offset) throw_repeated(at, "OFFSET");
  Query out = inner;
  if (outer.with) out.with = std::move(outer.with);
  if (!outer.order_by.empty()) out.order_by = std::move(outer.order_by);
  if (outer.limit) out.limit = std::move(outer.limit);
  if (outer.offset) out.offset = std::move(outer.offset);
  return out;
}

}  // namespace

Query query(P::QueryContext& tree) {
  Query out{.body = body(*tree.queryBody()), .position = position(tree)};
  if (tree.withClause()) out.with = with(*tree.withClause());
  out.order_by = order_by(tree.orderByClause());
  add_limits(out, tree.limitClause());
  if (auto* inner = std::get_if<ast::Box<Query>>(&out.body.node)) {
    const ast::Box<Query> held = *inner;
    return merged(std::move(out), *held, tree.start);
  }
  return out;
}

Query query(P::ParenthesizedQueryContext& tree) {
  if (tree.query()) return query(*tree.query());
  ast::Statement statement = show(*tree.showStatement());
  const ast::ShowNode& what = std::get<ast::Show>(statement.node).node;
  if (std::holds_alternative<ast::ShowVariable>(what) ||
      std::holds_alternative<ast::ShowAllVariables>(what))
    throw_unsupported(tree.start, "SHOW variable in subqueries");
  return {.body = {ast::ShowBody{std::move(statement)}, position(tree)},
          .position = position(tree)};
}

ast::SelectStatement select(P::SelectStatementContext& tree) {
  return {.query = query(*tree.query()), .as_of = as_of(tree.asOf())};
}

std::optional<ast::AsOf> as_of(P::AsOfContext* tree) {
  if (!tree) return std::nullopt;
  return ast::AsOf{.at_least = tree->LEAST() != nullptr, .time = expression(*tree->expression())};
}

std::vector<ast::OrderItem> order_by(P::OrderByClauseContext* tree) {
  std::vector<ast::OrderItem> out;
  if (!tree) return out;
  for (auto* item : tree->orderItem()) {
    bool descending = item->DESC() != nullptr;
    if (auto* by = item->anyOperator()) {
      const std::string symbol = text(*by);
      if (symbol != "<" && symbol != ">") throw_unsupported(by->start, "ORDER BY USING " + symbol);
      descending = symbol == ">";
    }
    ast::OrderItem order{.expression = expression(*item->expression()), .descending = descending};
    if (item->NULLS()) order.nulls = item->FIRST() ? ast::NullsOrder::first : ast::NullsOrder::last;
    out.push_back(std::move(order));
  }
  return out;
}

std::vector<ast::SelectItem> select_items(const std::vector<P::SelectItemContext*>& trees) {
  std::vector<ast::SelectItem> out;
  out.reserve(trees.size());
  for (auto* tree : trees) {
    if (tree->STAR()) {
      out.push_back({.expression = {ast::Wildcard{}, position(*tree)}});
      continue;
    }
    ast::SelectItem item{.expression = expression(*tree->expression())};
    if (tree->identifier()) item.alias = ident(tree->identifier());
    if (tree->bareColumnAlias()) item.alias = ident(tree->bareColumnAlias());
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace tailrace::grammar::builder
