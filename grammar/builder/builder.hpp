// Parse tree in, typed tree out: one function per grammar rule. For grammar/builder/ and
// grammar/parser.cpp only.
#pragma once

#include <string>
#include <vector>

#include "grammar/ast/statement.hpp"
#include "grammar/builder/tree.hpp"

namespace tailrace::grammar::builder {

// name.cpp: anything that starts with an identifier
ast::Ident ident(antlr4::Token* token);
inline ast::Ident ident(antlr4::ParserRuleContext* tree) {
  return ident(tree->start);
}
template <class Context>
std::vector<ast::Ident> idents(const std::vector<Context*>& trees) {
  std::vector<ast::Ident> out;
  out.reserve(trees.size());
  for (Context* tree : trees) out.push_back(ident(tree));
  return out;
}
std::vector<ast::Ident> idents(P::ColumnListContext* list);  // of none: empty
ast::ObjectName name(P::ObjectNameContext& tree);
std::vector<ast::ObjectName> names(const std::vector<P::ObjectNameContext*>& trees);
ast::ClusterName cluster(P::ClusterNameContext& tree);
std::optional<ast::ClusterName> cluster(P::InClusterContext* tree);
// Throws 42601 unless there are at most `parts_max` parts.
void check_parts(const ast::ObjectName& name, std::size_t parts_max);

// literal.cpp
std::string string_value(P::StringLiteralContext& tree);
ast::Expression literal(P::LiteralContext& tree);
ast::Expression literal(P::SignedLiteralContext& tree);
ast::IntervalLiteral interval(P::IntervalLiteralContext& tree);

// type_name.cpp
ast::TypeName type(P::TypeNameContext& tree);
ast::TypeName type(P::TypedLiteralContext& tree);  // the type of DATE '..'

// expression.cpp, primary.cpp, call.cpp
ast::Expression expression(P::ExpressionContext& tree);
std::optional<ast::Box<ast::Expression>> expression(P::ExpressionContext* tree);
std::vector<ast::Expression> expressions(P::ExpressionListContext& tree);
ast::Expression operand(P::OperandContext& tree);
ast::Expression primary(P::PrimaryContext& tree);
ast::Expression column(P::ColumnReferenceContext& tree);
ast::FunctionCall call(P::FunctionCallContext& tree);
// The calls with special syntax: EXTRACT, POSITION, ..
ast::Expression special_call(antlr4::ParserRuleContext& tree);
ast::Expression with_fields(ast::Expression record,
                            const std::vector<P::FieldAccessContext*>& fields);
ast::OperatorName operator_name(antlr4::ParserRuleContext& tree);

// query.cpp, from.cpp
ast::Query query(P::QueryContext& tree);
ast::Query query(P::ParenthesizedQueryContext& tree);
ast::SelectStatement select(P::SelectStatementContext& tree);
std::optional<ast::AsOf> as_of(P::AsOfContext* tree);
std::vector<ast::OrderItem> order_by(P::OrderByClauseContext* tree);
std::vector<ast::SelectItem> select_items(const std::vector<P::SelectItemContext*>& trees);
std::vector<ast::FromItem> from(const std::vector<P::FromItemContext*>& trees);

// Statements, by file
ast::Statement statement(P::StatementContext& tree);         // statement.cpp
ast::Statement create_ingest(P::CreateStatementContext&);    // ingest.cpp
ast::Statement create_relation(P::CreateStatementContext&);  // relation.cpp
ast::Statement create_other(P::CreateStatementContext&);     // manage.cpp
ast::CreateView create_view(P::CreateViewContext&);
ast::CreateMaterializedView create_materialized_view(P::CreateMaterializedViewContext&);
ast::CreateIndex create_index(P::CreateIndexContext&);
ast::ColumnDefinition column_definition(P::ColumnDefinitionContext&);
std::vector<ast::ExternalReference> external_references(
    const std::vector<P::ExternalReferenceContext*>& trees);
ast::Statement alter_connection(P::AlterConnectionContext&);
ast::Statement alter_source(P::AlterSourceContext&);
ast::Statement alter(P::AlterStatementContext&);  // alter.cpp
ast::Statement drop(P::DropStatementContext&);
ast::Statement comment(P::CommentStatementContext&);
ast::Drop::Behavior behavior(const std::vector<P::DropBehaviorContext*>& trees);
std::vector<ast::RoleAttribute> role_attributes(const std::vector<P::RoleAttributeContext*>& trees);
ast::Statement grant(P::GrantStatementContext&);  // privilege.cpp
ast::Statement revoke(P::RevokeStatementContext&);
ast::Statement default_privileges(P::AlterDefaultPrivilegesContext&);
ast::Statement insert(P::InsertStatementContext&);  // data.cpp
ast::Statement update(P::UpdateStatementContext&);
ast::Statement remove(P::DeleteStatementContext&);
ast::Statement copy(P::CopyStatementContext&);
ast::Subscribe subscribe(P::SubscribeStatementContext&);
ast::Statement session(P::StatementContext&);  // session.cpp
ast::VariableValues variable_values(P::SettingValuesContext&);
ast::Ident setting_name(P::SettingNameContext&);
ast::Statement show(P::ShowStatementContext&);  // show.cpp
ast::Statement explain(P::ExplainStatementContext&);

// object_kind.cpp
ast::ObjectKind kind(P::AlterKindContext& tree);
ast::ObjectKind kind(P::PluralKindContext& tree);

}  // namespace tailrace::grammar::builder
