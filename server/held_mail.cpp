// SPDX-License-Identifier: Apache-2.0
//
// See held_mail.h.
#include "server/held_mail.h"

#include "server/server.h"
#include "server/session.h"

namespace redipy {

ReplyWriter& HeldMail::inbox_of(Session& session) {
  std::unique_ptr<Mail>& mail = mail_[session.id()];
  if (!mail) {
    mail = std::make_unique<Mail>();
    ++session.held_mails;
  }
  mail->writer.set_protocol(session.protocol());
  return mail->writer;
}

bool HeldMail::has(const Session& session) const {
  const auto found = mail_.find(session.id());
  return found != mail_.end() && !found->second->bytes.empty();
}

void HeldMail::collect(const Session& session, Buffer& out) {
  const auto found = mail_.find(session.id());
  if (found == mail_.end()) return;
  out.append(found->second->bytes.view());
  found->second->bytes.clear();
}

void HeldMail::served(Session& session) {
  if (!session.submitted) served_.push_back({session.id(), session.wait});
  session.submitted = true;
}

void HeldMail::release() {
  for (const auto& [id, mail] : mail_) {
    Session* const session = server_.session(id);
    if (!session) continue;
    --session->held_mails;
    if (mail->bytes.empty()) continue;
    session->inbox().raw(mail->bytes.view());
    session->wake();
  }
  mail_.clear();
  for (const Served& served : served_) {
    Session* const session = server_.session(served.session);
    if (!session) continue;
    session->submitted = false;
    session->link().wake();
  }
  served_.clear();
}

void HeldMail::undo() {
  for (const auto& [id, mail] : mail_) {
    if (Session* const session = server_.session(id)) --session->held_mails;
  }
  mail_.clear();
  // The one that was served first waits at the front again.
  for (auto served = served_.rbegin(); served != served_.rend(); ++served) {
    Session* const session = server_.session(served->session);
    if (!session) continue;
    session->submitted = false;
    session->wait = served->wait;
    server_.waiting().enter_first(*session);
    if (session->killed) session->link().wake();
  }
  served_.clear();
  // Who was told of a change was forgotten then, and would not be told when the commands run again.
  if (!server_.tracking().idle()) server_.tracking().flushed();
}

}  // namespace redipy
