// SPDX-License-Identifier: MIT
#include "diagnosing.h"

#include "base/arena.h"

struct finding *answer(struct subject *subject, const char *question, enum verdict verdict,
                       const char *evidence)
{
    struct finding *finding = arena_new_of(subject->arena, struct finding);
    finding->domain = subject->domain;
    finding->question = question;
    finding->answer = verdict;
    finding->evidence = evidence;
    *subject->findings->last = finding;
    subject->findings->last = &finding->next;
    return finding;
}

void needs_attention(struct subject *subject, struct finding *finding, const char *fix)
{
    finding->attention = true;
    finding->fix = fix;
    subject->findings->attention++;
}
