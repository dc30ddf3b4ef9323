// Queries.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write_in_parentheses(Writer& w, const ast::Query& query) {
  w << "(";
  write(w, query);
  w << ")";
}

void write_alias(Writer& w, const std::optional<ast::TableAlias>& alias) {
  if (!alias) return;
  w << " AS ";
  write(w, alias->name);
  write_columns(w, alias->columns);
}

void write_joins(Writer& w, const std::vector<ast::Join>& joins);

void write(Writer& w, const ast::TableFactor& factor) {
  auto lateral = [&](bool is) { w << (is ? "LATERAL " : ""); };
  auto ordinality = [&](bool is) { w << (is ? " WITH ORDINALITY" : ""); };
  if (auto* table = std::get_if<ast::NamedTable>(&factor.node)) {
    printer::write(w, table->name);
    write_alias(w, table->alias);
  } else if (auto* derived = std::get_if<ast::DerivedTable>(&factor.node)) {
    lateral(derived->lateral);
    write_in_parentheses(w, *derived->query);
    write_alias(w, derived->alias);
  } else if (auto* function = std::get_if<ast::TableFunction>(&factor.node)) {
    lateral(function->lateral);
    printer::write(w, function->call);
    ordinality(function->with_ordinality);
    write_alias(w, function->alias);
  } else if (auto* rows = std::get_if<ast::RowsFrom>(&factor.node)) {
    lateral(rows->lateral);
    w << "ROWS FROM ";
    write_parenthesized(w, rows->calls);
    ordinality(rows->with_ordinality);
    write_alias(w, rows->alias);
  } else {
    auto& nested = std::get<ast::ParenthesizedJoin>(factor.node);
    w << "(";
    write(w, *nested.first);
    write_joins(w, nested.joins);
    w << ")";
    write_alias(w, nested.alias);
  }
}

void write_joins(Writer& w, const std::vector<ast::Join>& joins) {
  constexpr std::string_view kinds[] = {" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ",
                                        " CROSS JOIN "};
  for (const ast::Join& join : joins) {
    if (std::holds_alternative<ast::JoinNatural>(join.condition)) w << " NATURAL";
    w << kinds[static_cast<int>(join.kind)];
    write(w, join.right);
    if (auto* on = std::get_if<ast::JoinOn>(&join.condition)) {
      w << " ON ";
      printer::write(w, *on->condition);
    } else if (auto* columns = std::get_if<ast::JoinUsing>(&join.condition)) {
      w << " USING";
      write_columns(w, columns->columns);
      if (columns->alias) {
        w << " AS ";
        printer::write(w, *columns->alias);
      }
    }
  }
}

void write_clause(Writer& w, std::string_view word,
                  const std::optional<ast::Box<ast::Expression>>& clause) {
  if (!clause) return;
  w << word;
  printer::write(w, **clause);
}

void write(Writer& w, const ast::QueryHint& hint) {
  constexpr std::string_view names[] = {"AGGREGATE INPUT GROUP SIZE",
                                        "DISTINCT ON INPUT GROUP SIZE", "LIMIT INPUT GROUP SIZE",
                                        "EXPECTED GROUP SIZE"};
  w << names[static_cast<int>(hint.kind)] << " = ";
  printer::write(w, hint.value);
}

void write(Writer& w, const ast::Select& select) {
  w << "SELECT";
  if (select.distinct) w << " DISTINCT";
  if (!select.distinct_on.empty()) {
    w << " ON ";
    write_parenthesized(w, select.distinct_on);
  }
  if (!select.items.empty()) {
    w << " ";
    write_list(w, select.items);
  }
  if (!select.from.empty()) {
    w << " FROM ";
    write_list(w, select.from);
  }
  write_clause(w, " WHERE ", select.where);
  if (!select.group_by.empty()) {
    w << " GROUP BY ";
    write_list(w, select.group_by);
  }
  write_clause(w, " HAVING ", select.having);
  write_clause(w, " QUALIFY ", select.qualify);
  if (select.options.empty()) return;
  w << " OPTIONS (";
  for (std::size_t i = 0; i < select.options.size(); ++i) {
    if (i > 0) w << ", ";
    write(w, select.options[i]);
  }
  w << ")";
}

int level(const ast::QueryBody& body) {
  auto* operation = std::get_if<ast::SetOperation>(&body.node);
  if (!operation) return 2;
  return operation->kind == ast::SetOperator::intersect ? 1 : 0;
}

void write(Writer& w, const ast::QueryBody& body, int at_least);

// Down the left side in a loop: it is as long as the statement.
void write(Writer& w, const ast::SetOperation& top, int own) {
  constexpr std::string_view words[] = {" UNION ", " EXCEPT ", " INTERSECT "};
  std::vector<const ast::SetOperation*> chain{&top};
  while (auto* next = std::get_if<ast::SetOperation>(&chain.back()->left->node)) {
    if (level(*chain.back()->left) != own) break;
    chain.push_back(next);
  }
  write(w, *chain.back()->left, own);
  for (std::size_t i = chain.size(); i-- > 0;) {
    w << words[static_cast<int>(chain[i]->kind)] << (chain[i]->all ? "ALL " : "");
    write(w, *chain[i]->right, own + 1);
  }
}

void write(Writer& w, const ast::QueryBody& body, int at_least) {
  if (level(body) < at_least) {
    w << "(";
    write(w, body, 0);
    w << ")";
  } else if (auto* select = std::get_if<ast::Select>(&body.node)) {
    write(w, *select);
  } else if (auto* values = std::get_if<ast::Values>(&body.node)) {
    w << "VALUES ";
    for (std::size_t i = 0; i < values->rows.size(); ++i) {
      if (i > 0) w << ", ";
      write_parenthesized(w, values->rows[i]);
    }
  } else if (auto* table = std::get_if<ast::TableCommand>(&body.node)) {
    w << "TABLE ";
    printer::write(w, table->name);
  } else if (auto* operation = std::get_if<ast::SetOperation>(&body.node)) {
    write(w, *operation, level(body));
  } else if (auto* show = std::get_if<ast::ShowBody>(&body.node)) {
    printer::write(w, *show->show);
  } else {
    write_in_parentheses(w, *std::get<ast::Box<ast::Query>>(body.node));
  }
}

void write(Writer& w, const ast::RecursionLimit& limit) {
  w << (limit.action == ast::RecursionLimit::Action::return_ ? "RETURN AT" : "ERROR AT")
    << " RECURSION LIMIT " << limit.limit;
}

void write(Writer& w, const ast::TypedColumn& column) {
  printer::write(w, column.name);
  w << " ";
  printer::write(w, column.type);
}

void write(Writer& w, const ast::CommonTable& table);
void write(Writer& w, const ast::RecursiveTable& table);

template <class Items>
void write_local_list(Writer& w, const Items& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) w << ", ";
    write(w, items[i]);
  }
}

void write(Writer& w, const ast::CommonTable& table) {
  printer::write(w, table.name);
  write_columns(w, table.columns);
  w << " AS ";
  write_in_parentheses(w, *table.query);
}

void write(Writer& w, const ast::RecursiveTable& table) {
  printer::write(w, table.name);
  w << " (";
  write_local_list(w, table.columns);
  w << ") AS ";
  write_in_parentheses(w, *table.query);
}

void write(Writer& w, const ast::With& with) {
  if (auto* tables = std::get_if<std::vector<ast::CommonTable>>(&with)) {
    w << "WITH ";
    return write_local_list(w, *tables);
  }
  auto& recursive = std::get<ast::MutuallyRecursive>(with);
  w << "WITH MUTUALLY RECURSIVE ";
  if (!recursive.limits.empty()) {
    w << "(";
    write_local_list(w, recursive.limits);
    w << ") ";
  }
  write_local_list(w, recursive.tables);
}

}  // namespace

void write(Writer& w, const ast::Query& query) {
  if (query.with) {
    write(w, *query.with);
    w << " ";
  }
  write(w, query.body, 0);
  write_order_by(w, query.order_by);
  write_clause(w, " LIMIT ", query.limit);
  write_clause(w, " OFFSET ", query.offset);
}

void write(Writer& w, const ast::SelectItem& item) {
  write(w, item.expression);
  if (!item.alias) return;
  w << " AS ";
  write(w, *item.alias);
}

void write(Writer& w, const ast::FromItem& item) {
  write(w, item.first);
  write_joins(w, item.joins);
}

void write(Writer& w, const ast::AsOf& as_of) {
  w << (as_of.at_least ? " AS OF AT LEAST " : " AS OF ");
  write(w, as_of.time);
}

}  // namespace tailrace::grammar::printer
