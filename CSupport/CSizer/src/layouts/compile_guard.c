// SPDX-License-Identifier: Apache-2.0
#include "layouts/described_type.h"
#include "layouts/compiling.h"
#include "platform/fault_guard.h"

// Compiling as a whole: what a type is made of is compiled inside, so only the outermost compilation has a guard. One
// that faults is done once more with nothing believed: then it reads nothing and asks nobody, and everything that it
// meets is unknown.

typedef struct job {
  csizer_layouts *layouts;
  csizer_compilation compile;
  const void *type, *detail;
  const void *result;
} job;

static const void *compile_and_note(csizer_layouts *layouts, csizer_compilation compile, const void *type,
                                    const void *detail) {
  const void *result = compile(layouts, type, detail);
  csizer_layouts_note_images(layouts, type);
  return result;
}

static void run(void *context) {
  job *job = context;
  job->result = compile_and_note(job->layouts, job->compile, job->type, job->detail);
}

// What was under way is in the tables already: types refer to themselves.
static void give_up_pending(csizer_layouts *layouts) {
  for (; layouts->pending_count; layouts->pending_count--)
    csizer_builder_finish_unknown(layouts, layouts->pending[layouts->pending_count - 1]);
  for (csizer_described *described = layouts->described_types; described; described = described->next)
    described->failed |= !csizer_layout_map_find(&layouts->values, &described->metadata);
}

const void *csizer_layouts_compile(csizer_layouts *layouts, csizer_compilation compile, const void *type,
                                   const void *detail) {
  if (layouts->compiling) return compile_and_note(layouts, compile, type, detail);
  csizer_layouts_begin(layouts);
  job job = {layouts, compile, type, detail, NULL};
  if (!csizer_guard_call(run, &job)) {
    layouts->compiling = 1;
    give_up_pending(layouts);
    layouts->believes_nothing = true;
    job.result = compile(layouts, type, detail);
    layouts->believes_nothing = false;
  }
  csizer_layouts_end(layouts);
  return job.result;
}
