/** Loaded into a server under test: tells the test what is not as documented. */
import { watchAnswers } from '#tests/helpers/contract_watch'

watchAnswers(
  () => true,
  (mismatch) => process.send?.({ mismatch })
)
