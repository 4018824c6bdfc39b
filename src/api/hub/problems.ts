/** The errors of the protocol in the description of the API: what errors.ts makes of them. */
import type { ErrorCode } from '../../contract/error-codes.ts';
import { PROBLEM_TYPE, type ProblemAnswer, problemResponses } from '../problem.ts';

/** The answer for a repository that is not ours, where an upstream hub is set. */
export const ELSEWHERE = { 307: { description: 'Not ours: the location is at another hub.' } };

/** OpenAPI responses for the codes a route may answer with. */
export function hubProblems(codes: readonly ErrorCode[]): Record<number, ProblemAnswer> {
  return Object.fromEntries(
    Object.entries(problemResponses(codes)).map(([status, answer]) => {
      const media = answer.content[PROBLEM_TYPE];
      return media !== undefined && Number(status) < 500
        ? [status, { ...answer, content: { 'application/json': media } }]
        : [status, answer];
    }),
  );
}
