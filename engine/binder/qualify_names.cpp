// Rewrites syntax so that relations and user types have their full names.
#include <algorithm>

#include "engine/binder/binder.hpp"

namespace tailrace::engine {

namespace {

class Qualifier {
 public:
  explicit Qualifier(BindContext& context) : context_(context) {}

  ast::Query of(ast::Query query) {
    const std::size_t tables = common_tables_.size();
    if (query.with) query.with = of(std::move(*query.with));
    query.body = of(std::move(query.body));
    for (ast::OrderItem& item : query.order_by) item = of(std::move(item));
    each(query.limit);
    each(query.offset);
    common_tables_.resize(tables);
    return query;
  }

  ast::TypeName of(ast::TypeName type) {
    if (auto* named = std::get_if<ast::NamedType>(&type.node)) {
      const catalog::Item* item = context_.catalog.find_item(named->name, context_.scope);
      const bool user_type =
          item != nullptr && item->as<catalog::UserType>() != nullptr && item->id.is_user();
      if (user_type) named->name = context_.catalog.object_name(*item);
    } else if (auto* array = std::get_if<ast::ArrayType>(&type.node)) {
      array->element = of(*array->element);
    } else if (auto* list = std::get_if<ast::ListType>(&type.node)) {
      list->element = of(*list->element);
    } else {
      auto& map = std::get<ast::MapType>(type.node);
      map.value = of(*map.value);
    }
    return type;
  }

  ast::Expression of(ast::Expression expression) {
    std::visit([&](auto& node) { qualify(node); }, expression.node);
    return expression;
  }

 private:
  // Expressions

  void each(ast::Box<ast::Expression>& box) { box = of(*box); }
  void each(ast::Box<ast::Query>& box) { box = of(*box); }
  void each(std::vector<ast::Expression>& list) {
    for (ast::Expression& expression : list) expression = of(std::move(expression));
  }
  template <class T>
  void each(std::optional<T>& optional) {
    if (optional) each(*optional);
  }
  ast::OrderItem of(ast::OrderItem item) {
    each(item.expression);
    return item;
  }

  void qualify(ast::FieldAccess& node) { each(node.record); }
  void qualify(ast::FieldWildcard& node) { each(node.record); }
  void qualify(ast::Subscript& node) {
    each(node.value);
    for (ast::SubscriptPart& part : node.parts) {
      each(part.start);
      each(part.end);
    }
  }
  void qualify(ast::And& node) { each(node.operands); }
  void qualify(ast::Or& node) { each(node.operands); }
  void qualify(ast::Not& node) { each(node.operand); }
  void qualify(ast::Unary& node) { each(node.operand); }
  // As deep as the statement is long: the chain to the left is walked in a loop.
  void qualify(ast::Binary& node) {
    std::vector<ast::Binary> chain = {node};
    std::vector<std::uint32_t> positions;
    while (const auto* left = std::get_if<ast::Binary>(&chain.back().left->node)) {
      positions.push_back(chain.back().left->position);
      chain.push_back(*left);
    }
    each(chain.back().left);
    each(chain.back().right);
    for (std::size_t i = chain.size() - 1; i-- > 0;) {
      chain[i].left = ast::Expression{chain[i + 1], positions[i]};
      each(chain[i].right);
    }
    node = std::move(chain.front());
  }
  void qualify(ast::IsTest& node) { each(node.operand); }
  void qualify(ast::IsDistinctFrom& node) {
    each(node.left);
    each(node.right);
  }
  void qualify(ast::Like& node) {
    each(node.operand);
    each(node.pattern);
    each(node.escape);
  }
  void qualify(ast::Between& node) {
    each(node.operand);
    each(node.low);
    each(node.high);
  }
  void qualify(ast::InList& node) {
    each(node.operand);
    each(node.list);
  }
  void qualify(ast::InSubquery& node) {
    each(node.operand);
    each(node.query);
  }
  void qualify(ast::Exists& node) { each(node.query); }
  void qualify(ast::ScalarSubquery& node) { each(node.query); }
  void qualify(ast::Quantified& node) {
    each(node.left);
    std::visit([&](auto& right) { each(right); }, node.right);
  }
  void qualify(ast::AtTimeZone& node) {
    each(node.operand);
    each(node.zone);
  }
  void qualify(ast::Collate& node) { each(node.operand); }
  void qualify(ast::Cast& node) {
    each(node.operand);
    node.type = of(std::move(node.type));
  }
  void qualify(ast::Case& node) {
    each(node.operand);
    for (ast::CaseBranch& branch : node.branches) {
      each(branch.when);
      each(branch.then);
    }
    each(node.otherwise);
  }
  void qualify(ast::Choice& node) { each(node.arguments); }
  void qualify(ast::NullIf& node) {
    each(node.left);
    each(node.right);
  }
  void qualify(ast::Collection& node) { each(node.elements); }
  void qualify(ast::MapConstructor& node) {
    for (ast::MapEntry& entry : node.entries) {
      each(entry.key);
      each(entry.value);
    }
  }
  void qualify(ast::CollectionSubquery& node) { each(node.query); }
  void qualify(ast::Row& node) { each(node.fields); }
  void qualify(ast::FunctionCall& node) {
    each(node.arguments);
    for (ast::OrderItem& item : node.order_by) item = of(std::move(item));
    each(node.filter);
    if (!node.over) return;
    ast::Window window = **node.over;
    each(window.partition_by);
    for (ast::OrderItem& item : window.order_by) item = of(std::move(item));
    node.over = std::move(window);
  }
  template <class Node>
  void qualify(Node&) {}  // literals, columns, parameters

  // Relations

  void qualify_relation(ast::ObjectName& name) {
    const bool common = name.parts.size() == 1 && name.id.empty() &&
                        std::find(common_tables_.begin(), common_tables_.end(), name.last()) !=
                            common_tables_.end();
    if (common) return;
    const catalog::Item& item = context_.catalog.resolve_relation(name, context_.scope);
    const std::uint32_t position = name.position;
    name = context_.catalog.object_name(item);
    if (item.id.is_user()) name.id = item.id.to_string();  // survives renames
    name.position = position;
  }

  ast::With of(ast::With with) {
    if (auto* tables = std::get_if<std::vector<ast::CommonTable>>(&with)) {
      for (ast::CommonTable& table : *tables) {
        each(table.query);
        common_tables_.push_back(table.name.value);
      }
      return with;
    }
    auto& recursive = std::get<ast::MutuallyRecursive>(with);
    for (const ast::RecursiveTable& table : recursive.tables)
      common_tables_.push_back(table.name.value);
    for (ast::RecursiveTable& table : recursive.tables) {
      for (ast::TypedColumn& column : table.columns) column.type = of(std::move(column.type));
      each(table.query);
    }
    return with;
  }

  ast::QueryBody of(ast::QueryBody body) {
    if (auto* select = std::get_if<ast::Select>(&body.node)) {
      *select = of(std::move(*select));
    } else if (auto* values = std::get_if<ast::Values>(&body.node)) {
      for (auto& row : values->rows) each(row);
    } else if (auto* table = std::get_if<ast::TableCommand>(&body.node)) {
      qualify_relation(table->name);
    } else if (std::holds_alternative<ast::SetOperation>(body.node)) {
      return of_chain(std::move(body));
    } else if (auto* query = std::get_if<ast::Box<ast::Query>>(&body.node)) {
      each(*query);
    }
    return body;
  }

  ast::QueryBody of_chain(ast::QueryBody body) {
    std::vector<ast::QueryBody> chain = {std::move(body)};
    while (const auto* node = std::get_if<ast::SetOperation>(&chain.back().node))
      chain.push_back(*node->left);
    ast::QueryBody result = of(std::move(chain.back()));
    for (std::size_t i = chain.size() - 1; i-- > 0;) {
      auto& node = std::get<ast::SetOperation>(chain[i].node);
      node.left = std::move(result);
      node.right = of(*node.right);
      result = std::move(chain[i]);
    }
    return result;
  }

  ast::Select of(ast::Select select) {
    each(select.distinct_on);
    for (ast::SelectItem& item : select.items) item.expression = of(std::move(item.expression));
    for (ast::FromItem& item : select.from) {
      item.first = of(std::move(item.first));
      for (ast::Join& join : item.joins) join = of(std::move(join));
    }
    each(select.where);
    each(select.group_by);
    each(select.having);
    each(select.qualify);
    return select;
  }

  ast::Join of(ast::Join join) {
    join.right = of(std::move(join.right));
    if (auto* on = std::get_if<ast::JoinOn>(&join.condition)) each(on->condition);
    return join;
  }

  ast::TableFactor of(ast::TableFactor factor) {
    if (auto* table = std::get_if<ast::NamedTable>(&factor.node)) {
      // Without alias the columns are still reached by the short name: it is the last part of the
      // full one.
      qualify_relation(table->name);
    } else if (auto* derived = std::get_if<ast::DerivedTable>(&factor.node)) {
      each(derived->query);
    } else if (auto* function = std::get_if<ast::TableFunction>(&factor.node)) {
      qualify(function->call);
    } else if (auto* rows = std::get_if<ast::RowsFrom>(&factor.node)) {
      for (ast::FunctionCall& call : rows->calls) qualify(call);
    } else {
      auto& parenthesized = std::get<ast::ParenthesizedJoin>(factor.node);
      parenthesized.first = of(*parenthesized.first);
      for (ast::Join& join : parenthesized.joins) join = of(std::move(join));
    }
    return factor;
  }

  BindContext& context_;
  std::vector<std::string> common_tables_;
};

}  // namespace

ast::Query qualify_names(const ast::Query& query, BindContext& context) {
  return Qualifier(context).of(query);
}
ast::Expression qualify_names(const ast::Expression& expression, BindContext& context) {
  return Qualifier(context).of(expression);
}
ast::TypeName qualify_names(const ast::TypeName& type, BindContext& context) {
  return Qualifier(context).of(type);
}

}  // namespace tailrace::engine
