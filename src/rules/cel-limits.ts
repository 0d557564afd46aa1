/** How large an expression may be, and how deep brackets and calls within each other may be. */
export const CEL_LIMITS = { maxAstNodes: 500, maxDepth: 32 } as const;
