/** `theano.gradient`. Through `zero_grad` nothing flows; a gradient that has no other way is an error here, not zeros. */
export {
  disconnectedGrad as disconnected_grad,
  gradClip as grad_clip,
  gradScale as grad_scale,
  stopGradient as consider_constant,
  stopGradient as zero_grad,
} from '@arignote/graph'
export { grad, hessian, jacobian, Lop, Rop, verify_grad } from './gradients.js'
